// The adapter to Stripe against the sandbox, a service of its own that speaks Stripe's API.
import { afterEach, expect, test } from "vitest";
import { createLogger } from "../../../../platform/logger/logger.ts";
import type { ChargeRequest, PaymentProvider } from "../../../../subgraphs/billing/provider/payment-provider.ts";
import { createSandbox, type Sandbox } from "../../../../subgraphs/billing/provider/sandbox/create-sandbox.ts";

const running: Sandbox[] = [];
afterEach(async () => {
  for (const sandbox of running.splice(0)) await sandbox.part.stop?.();
});

function setup() {
  const clock = { at: 1_000_000, now: () => new Date(clock.at) };
  const start = async (): Promise<Sandbox> => {
    const sandbox = createSandbox({
      ...{ clock, logger: createLogger({ name: "test", level: "fatal" }), delayMs: 2_000, timeoutMs: 500 },
      ...{ returnUrl: "https://example.com/back", webhookSecret: "whsec_0123456789", webhookUrl: undefined },
    });
    await sandbox.part.start?.();
    running.push(sandbox);
    return sandbox;
  };
  return { clock, start: async () => (await start()).provider, startWhole: start };
}

async function referenceOf(provider: PaymentProvider, token: string): Promise<string> {
  const attached = await provider.attach({ idempotencyKey: `attach-${token}`, token, customer: "acc_1" });
  if (attached.status !== "ATTACHED") throw new Error(attached.reason);
  return attached.reference;
}

const REQUEST = {
  ...{ amountMinor: 900n, currency: "EUR", organizationId: "org_1" },
  ...{ askedAt: new Date(1_000_000), isPayerPresent: true },
};

async function charge(provider: PaymentProvider, token: string, asked: Partial<ChargeRequest> = {}) {
  const reference = await referenceOf(provider, token);
  return provider.charge({ ...REQUEST, idempotencyKey: `pay-${token}`, reference, ...asked });
}

test.each([
  ["tok_visa", "SUCCEEDED", undefined],
  ["tok_mastercard", "SUCCEEDED", undefined],
  ["tok_declined", "FAILED", "card_declined"],
  ["tok_insufficient_funds", "FAILED", "insufficient_funds"],
  ["tok_expired", "FAILED", "expired_card"],
])("%s is %s at once", async (token, status, failureCode) => {
  const result = await charge(await setup().start(), token);
  expect([result.status, result.failureCode]).toEqual([status, failureCode]);
});

test.each([
  ["tok_slow", "SUCCEEDED"],
  ["tok_slow_declined", "FAILED"],
])("%s is in processing until its delay has passed, also over a restart", async (token, status) => {
  const { clock, start } = setup();
  const { status: first, providerRef } = await charge(await start(), token);
  expect(first).toBe("PROCESSING");
  clock.at += 1_999;
  expect((await (await start()).retrieve(providerRef)).status).toBe("PROCESSING");
  clock.at += 1;
  expect(await (await start()).retrieve(providerRef)).toMatchObject({ status, providerRef });
});

test("the same key is the same charge, and never another amount", async () => {
  const { clock, start } = setup();
  const provider = await start();
  const first = await charge(provider, "tok_slow");
  clock.at += 1_500;
  expect(await charge(provider, "tok_slow")).toEqual(first);
  await expect(charge(provider, "tok_slow", { amountMinor: 901n })).rejects.toThrow("stands for another");
});

test("a charge whose answer was lost is found by its key, within a day and behind it", async () => {
  const { clock, start } = setup();
  const provider = await start();
  await expect(charge(provider, "tok_timeout")).rejects.toThrow(/timed? ?out|aborted/i);
  const found = await charge(provider, "tok_timeout");
  expect(found.status).toBe("SUCCEEDED");
  // Stripe has forgotten the key by now: a new charge would take the money again.
  clock.at += 36 * 3_600_000;
  expect(await charge(provider, "tok_timeout")).toEqual(found);
});

test("a payer confirms a charge, declines it, or never comes", async () => {
  const { startWhole } = setup();
  const sandbox = await startWhole();
  const { provider } = sandbox;
  const ask = (idempotencyKey: string) => charge(provider, "tok_action", { idempotencyKey });
  const decide = (url: string | undefined, decision: string) =>
    fetch(url ?? "", { method: "POST", body: new URLSearchParams({ decision }), redirect: "manual" });

  const [one, two, three] = [await ask("one"), await ask("two"), await ask("three")];
  expect(one).toMatchObject({ status: "PROCESSING", actionUrl: expect.stringContaining("/actions/") });
  expect(await (await fetch(one.actionUrl ?? "")).text()).toContain("900 minor units of EUR");
  const back = await decide(one.actionUrl, "confirmed");
  expect([back.status, back.headers.get("location")]).toEqual([303, "https://example.com/back"]);
  expect((await provider.retrieve(one.providerRef)).status).toBe("SUCCEEDED");

  await decide(two.actionUrl, "declined");
  expect(await provider.retrieve(two.providerRef)).toMatchObject({
    status: "FAILED",
    failureCode: "authentication_failed",
  });
  expect(await provider.cancel(three.providerRef)).toMatchObject({ status: "FAILED", failureCode: "action_expired" });
  // Too late to give up: it says how it ended.
  expect((await provider.cancel(one.providerRef)).status).toBe("SUCCEEDED");
});

test("an attachment shows what people recognise it by, and repeats itself by key", async () => {
  const provider = await setup().start();
  const request = { idempotencyKey: "attach-1", token: "tok_visa", customer: "acc_1" };
  const attached = await provider.attach(request);
  expect(attached).toMatchObject({
    ...{ status: "ATTACHED", kind: "card", brand: "visa", last4: "4242", expMonth: 12, expYear: 2099 },
    fingerprint: expect.stringMatching(/^[0-9a-f]{24}$/),
  });
  expect(await provider.attach(request)).toEqual(attached);
  const again = await provider.attach({ ...request, idempotencyKey: "attach-2" });
  expect(again).toMatchObject({ fingerprint: attached.status === "ATTACHED" ? attached.fingerprint : "" });
  const other = await provider.attach({ idempotencyKey: "attach-3", token: "tok_visa-2", customer: "acc_1" });
  expect(
    other.status === "ATTACHED" && attached.status === "ATTACHED" && other.fingerprint !== attached.fingerprint,
  ).toBe(true);
});

test.each(["tok_unknown", "constructor", "4242424242424242"])(
  "the token %s is refused, with a reason",
  async (token) => {
    const provider = await setup().start();
    expect(await provider.attach({ idempotencyKey: "attach-1", token, customer: "acc_1" })).toMatchObject({
      ...{ status: "REFUSED", reason: expect.stringContaining("No such test card") },
    });
  },
);

test("a method from before customers is charged, given up once and twice", async () => {
  const provider = await setup().start();
  const reference = `sbx_pm_${"a".repeat(24)}.tok_visa`;
  expect((await provider.charge({ ...REQUEST, idempotencyKey: "pay-1", reference })).status).toBe("SUCCEEDED");
  await provider.detach(reference);
  await provider.detach(reference);
});

test("a charge that can never be made has failed", async () => {
  const provider = await setup().start();
  const result = await provider.charge({ ...REQUEST, idempotencyKey: "pay-1", reference: "cus_1/pm_unknown" });
  expect(result).toMatchObject({ status: "FAILED", failureCode: "resource_missing" });
});

test("refunds are never more than the charge, and the same by the same key", async () => {
  const provider = await setup().start();
  const { providerRef } = await charge(provider, "tok_visa");
  const refund = (idempotencyKey: string, amountMinor: bigint) =>
    provider.refund({
      ...{ idempotencyKey, amountMinor, providerRef, currency: "EUR", organizationId: "org_1" },
      askedAt: new Date(),
    });
  const first = await refund("r-1", 600n);
  expect(first.status).toBe("SUCCEEDED");
  expect(await refund("r-1", 600n)).toEqual(first);
  expect(await refund("r-2", 301n)).toMatchObject({ status: "FAILED", failureCode: "charge_already_refunded" });
  expect((await refund("r-3", 300n)).status).toBe("SUCCEEDED");
  expect((await provider.retrieveRefund(first.providerRef)).status).toBe("SUCCEEDED");
});

test("nobody uses the service without its key", async () => {
  const sandbox = await setup().startWhole();
  const response = await fetch(`${sandbox.address().url}/v1/payment_intents`);
  expect(response.status).toBe(401);
});

test("a provider that is not started rejects, and nothing is charged", async () => {
  const sandbox = createSandbox({
    ...{ clock: { now: () => new Date() }, logger: createLogger({ name: "test", level: "fatal" }), delayMs: 1 },
    ...{ timeoutMs: 500, returnUrl: "https://example.com", webhookSecret: "whsec_0123456789", webhookUrl: undefined },
  });
  await expect(sandbox.provider.retrieve("sbx_ch_1")).rejects.toThrow("not started");
});
