// Stripe's signature scheme, good and forged in each way that one can think of.
import { createHmac } from "node:crypto";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { readSignedEvent } from "../../../../../subgraphs/billing/provider/stripe/signed-event.ts";

const [OLD, NEW, OTHER] = ["whsec_old_0123456789", "whsec_new_0123456789", "whsec_other_012345678"];
const NOW = 1_800_000_000;
const BODY = JSON.stringify({ id: "evt_1", object: "event", type: "payment_intent.succeeded", data: { object: {} } });
const stripe = new Stripe("sk_test_nothing");

const hmac = (secret: string, at: number, body = BODY): string =>
  createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
const header = (secret: string, at = NOW): string => `t=${at},v1=${hmac(secret, at)}`;

function read(signature: string | undefined, body = BODY) {
  const check = { stripe, secrets: [NEW, OLD], now: new Date(NOW * 1_000) };
  return readSignedEvent(check, { body: Buffer.from(body), signature });
}

test.each([
  ["the newer secret", header(NEW)],
  ["the older secret", header(OLD)],
  ["both, while the provider changes them", `t=${NOW},v1=${hmac(OTHER, NOW)},v1=${hmac(OLD, NOW)}`],
  ["another scheme beside it", `t=${NOW},v0=abc,v1=${hmac(NEW, NOW)}`],
  ["nearly five minutes ago", header(NEW, NOW - 300)],
  ["by a clock that is nearly five minutes ahead", header(NEW, NOW + 300)],
])("a call signed with %s is good [WH-01] [S93]", (_how, signature) => {
  expect(read(signature)).toMatchObject({ id: "evt_1", type: "payment_intent.succeeded" });
});

test.each([
  ["without a header", undefined, BODY],
  ["with an empty header", "", BODY],
  ["with another secret", header(OTHER), BODY],
  ["with one byte changed", header(NEW), BODY.replace("evt_1", "evt_2")],
  ["with a blank more", header(NEW), `${BODY} `],
  ["301 s ago", header(NEW, NOW - 301), BODY],
  ["301 s ahead", header(NEW, NOW + 301), BODY],
  ["without a time", `v1=${hmac(NEW, NOW)}`, BODY],
  ["with two times, the signed one too old", `t=${NOW - 400},t=${NOW},v1=${hmac(NEW, NOW - 400)}`, BODY],
  ["in another scheme alone", `t=${NOW},v0=${hmac(NEW, NOW)}`, BODY],
  ["with what is no time", `t=now,v1=${hmac(NEW, NOW)}`, BODY],
  ["with half a signature", `t=${NOW},v1=${hmac(NEW, NOW).slice(0, 32)}`, BODY],
])("a call %s is forged, or too old [WH-01] [S93]", (_how, signature, body) => {
  expect(() => read(signature, body)).toThrow(
    expect.objectContaining({ code: "BAD_REQUEST", status: 400, message: expect.stringContaining("payment provider") }),
  );
});

test("a body that is signed and no JSON is refused", () => {
  const body = "no json";
  const signature = `t=${NOW},v1=${hmac(NEW, NOW, body)}`;
  expect(() => read(signature, body)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
});
