import { expect, test } from "vitest";
import { backoffMs, systemSleep } from "../../../../platform/events/backoff.ts";

test("pauses double up to the cap and are scaled by the jitter [S50]", () => {
  const policy = { baseMs: 200, capMs: 5_000 };
  const highest = [1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => backoffMs(policy, failures, () => 1));
  expect(highest).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  expect(backoffMs(policy, 3, () => 0.5)).toBe(400);
  expect(backoffMs(policy, 3, () => 0)).toBe(0);
});

test("an aborted sleep resolves at once", async () => {
  await systemSleep(60_000, AbortSignal.abort());
  const abort = new AbortController();
  const slept = systemSleep(60_000, abort.signal);
  abort.abort();
  await slept;
});
