import { expect, test } from "vitest";
import type { PaymentProvider } from "../../../../subgraphs/billing/provider/payment-provider.ts";
import { createSandboxProvider } from "../../../../subgraphs/billing/provider/sandbox-provider.ts";

function setup() {
  const clock = { at: 1_000_000, now: () => new Date(clock.at) };
  return { clock, restart: () => createSandboxProvider({ clock, delayMs: 2_000 }) };
}

async function referenceOf(provider: PaymentProvider, token: string): Promise<string> {
  const attached = await provider.attach({ idempotencyKey: `attach-${token}`, token });
  if (attached.status !== "ATTACHED") throw new Error(attached.reason);
  return attached.reference;
}

async function charge(provider: PaymentProvider, token: string, idempotencyKey = `pay-${token}`) {
  const reference = await referenceOf(provider, token);
  return provider.charge({ idempotencyKey, amountMinor: 900n, currency: "EUR", reference });
}

test.each([
  ["tok_visa", "SUCCEEDED", undefined],
  ["tok_mastercard", "SUCCEEDED", undefined],
  ["tok_declined", "FAILED", "card_declined"],
  ["tok_insufficient_funds", "FAILED", "insufficient_funds"],
])("%s is %s at once", async (token, status, failureCode) => {
  const result = await charge(setup().restart(), token);
  expect([result.status, result.failureCode]).toEqual([status, failureCode]);
});

test.each([
  ["tok_slow", "SUCCEEDED"],
  ["tok_slow_declined", "FAILED"],
])("%s is in processing until its delay has passed, also over a restart", async (token, status) => {
  const { clock, restart } = setup();
  const { status: first, providerRef } = await charge(restart(), token);
  expect(first).toBe("PROCESSING");
  clock.at += 1_999;
  expect((await restart().retrieve(providerRef)).status).toBe("PROCESSING");
  clock.at += 1;
  expect(await restart().retrieve(providerRef)).toMatchObject({ status, providerRef });
});

test("the same key is the same charge, and never another amount", async () => {
  const { clock, restart } = setup();
  const provider = restart();
  const first = await charge(provider, "tok_slow", "pay-1");
  clock.at += 1_500;
  expect(await charge(provider, "tok_slow", "pay-1")).toEqual(first);
  const reference = await referenceOf(provider, "tok_slow");
  const other = provider.charge({ idempotencyKey: "pay-1", amountMinor: 901n, currency: "EUR", reference });
  await expect(other).rejects.toThrow("another charge");
});

test("an attachment shows brand and last digits, and repeats itself by key", async () => {
  const provider = setup().restart();
  const request = { idempotencyKey: "attach-1", token: "tok_visa" };
  const attached = await provider.attach(request);
  expect(attached).toMatchObject({ status: "ATTACHED", kind: "card", brand: "visa", last4: "4242" });
  expect(await provider.attach(request)).toEqual(attached);
});

test("an unknown token is refused with the tokens there are", async () => {
  for (const token of ["tok_other", "constructor", "__proto__"]) {
    const refused = await setup().restart().attach({ idempotencyKey: "attach-1", token });
    expect(refused).toMatchObject({ status: "REFUSED", reason: expect.stringContaining("tok_visa") });
  }
});
