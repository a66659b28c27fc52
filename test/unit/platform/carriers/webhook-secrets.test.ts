// Secrets of an endpoint are exchanged without a call that cannot be verified.
import { expect, test } from "vitest";
import { liveSecrets, newWebhookSecret, rotateSecrets } from "../../../../platform/carriers/webhook-secrets.ts";
import { webhookSecrets } from "../../../../platform/webhooks/webhook-signature.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const HOUR = 3_600_000;

test("a new secret is one that our own webhooks take, and another each time", () => {
  const [first, second] = [newWebhookSecret(), newWebhookSecret()];
  expect(webhookSecrets.parse(`${first},${second}`)).toEqual([first, second]);
  expect(first).not.toBe(second);
});

test("the old secret signs beside the new one until the overlap is over [S75]", () => {
  const first = rotateSecrets([], "a", at(0), HOUR);
  expect(liveSecrets(first, at(600))).toEqual(["a"]);
  const second = rotateSecrets(first, "b", at(10), HOUR);
  expect(liveSecrets(second, at(69))).toEqual(["b", "a"]);
  expect(liveSecrets(second, at(70))).toEqual(["b"]);
});

test("an end that was set is never put off, and what has ended is not kept", () => {
  const second = rotateSecrets(rotateSecrets([], "a", at(0), HOUR), "b", at(10), HOUR);
  const third = rotateSecrets(second, "c", at(40), HOUR);
  expect(third).toEqual([
    { text: "c", until: null },
    { text: "b", until: at(100) },
    { text: "a", until: at(70) },
  ]);
  expect(rotateSecrets(third, "d", at(80), HOUR).map(({ text }) => text)).toEqual(["d", "c", "b"]);
});

test("without an overlap the old ones end at once", () => {
  expect(rotateSecrets([{ text: "a", until: null }], "b", at(0), 0)).toEqual([{ text: "b", until: null }]);
});
