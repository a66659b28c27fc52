// A plan that is paused costs nothing, and goes on with a period of its own when it is resumed.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;
let now = new Date();

beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => now } });
  operations = operationsOf(billing, await billing.instance());
});
afterAll(() => billing?.stop());
beforeEach(() => {
  now = new Date("2027-01-01T00:00:00.000Z");
});

/** Half of a month of 31 days is used up. */
async function paused(): Promise<{ readonly customer: Customer; readonly id: string }> {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, "team", {});
  now = new Date("2027-01-16T12:00:00.000Z");
  const { creditNote, userErrors } = await operations.pause(customer, subscription.id);
  expect(userErrors).toEqual([]);
  expect(creditNote).toMatchObject({ reason: "PLAN_PAUSED", total: { amountMinor: "1450" } });
  return { customer, id: subscription.id };
}

test("paused, it credits the rest and is not renewed; resumed, a period begins that takes the credit [S91]", async () => {
  const { customer, id } = await paused();
  now = new Date("2027-05-01T00:00:00.000Z");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await operations.read(customer, id)).toMatchObject({
    ...{ status: "PAUSED", account: { credit: { amountMinor: "1450" } } },
    invoices: [{ status: "PAID" }],
  });
  const resumed = await operations.resume(customer, id);
  expect(resumed.userErrors).toEqual([]);
  expect(resumed).toMatchObject({
    subscription: {
      ...{ status: "ACTIVE", currentPeriodStart: "2027-05-01T00:00:00.000Z" },
      currentPeriodEnd: "2027-06-01T00:00:00.000Z",
    },
    invoice: { status: "PAID", total: { amountMinor: "2900" }, creditUsed: { amountMinor: "1450" } },
    payment: { status: "SUCCEEDED", amount: { amountMinor: "1450" } },
  });
  const events = await billing.eventsOf(customer.organizationId);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  expect(events.filter(({ type }) => type.startsWith("billing.subscription")).map(({ type }) => type)).toEqual([
    "billing.subscription.started.v1",
    "billing.subscription.activated.v1",
    "billing.subscription.paused.v1",
    "billing.subscription.activated.v1",
  ]);
});

test("a declined card leaves it paused, nothing owed and the credit as it was", async () => {
  const { customer, id } = await paused();
  const declined = await operations.resume(customer, id, { providerToken: "tok_declined" });
  expect(refusals(declined)).toEqual(["PAYMENT_DECLINED"]);
  expect(await operations.read(customer, id)).toMatchObject({
    ...{ status: "PAUSED", account: { credit: { amountMinor: "1450" }, amountDue: { amountMinor: "0" } } },
    invoices: [{ status: "VOID" }, { status: "PAID" }],
  });
  expect((await operations.resume(customer, id)).subscription.status).toBe("ACTIVE");
});

test("while the payment of a resumption is under way, nothing else is decided about it", async () => {
  const { customer, id } = await paused();
  const slow = await operations.resume(customer, id, { providerToken: "tok_slow" });
  expect([slow.subscription.status, slow.payment.status]).toEqual(["PAUSED", "PROCESSING"]);
  expect(refusals(await operations.resume(customer, id))).toEqual(["STATE_INVALID id"]);
  expect(refusals(await operations.cancel(customer, id, { when: "NOW" }))).toEqual(["STATE_INVALID id"]);
  // The bank decides.
  now = new Date(now.getTime() + 1_000);
  expect(await billing.paymentSettled(slow.payment.id)).toBe("SUCCEEDED");
  expect((await operations.read(customer, id)).status).toBe("ACTIVE");
});

test("paused, it may be ended, and another plan started with the credit", async () => {
  const { customer, id } = await paused();
  expect(refusals(await operations.start(customer, "starter", {}))).toEqual(["STATE_INVALID planId"]);
  const { subscription } = await operations.cancel(customer, id);
  expect(subscription.status).toBe("CANCELED");
  const { invoice, payment } = await operations.start(customer, "starter", {});
  expect([invoice.creditUsed.amountMinor, payment]).toEqual(["900", null]);
});

test("only what runs is paused: once, and by the version that was read", async () => {
  const { customer, id } = await paused();
  expect(refusals(await operations.pause(customer, id))).toEqual(["STATE_INVALID id"]);
  expect(refusals(await operations.pause(customer, id, { expectedVersion: 1 }))).toEqual([
    "VERSION_CONFLICT expectedVersion",
  ]);
  expect(refusals(await operations.change(customer, id, { code: "business" }))).toEqual(["STATE_INVALID id"]);
});

test("two resumptions at once are one", async () => {
  const { customer, id } = await paused();
  const answers = await Promise.all([operations.resume(customer, id), operations.resume(customer, id)]);
  const invoices = (await operations.read(customer, id)).invoices;
  expect(invoices.map(({ status }: Json) => status)).toEqual(["PAID", "PAID"]);
  expect(answers.flatMap(refusals)).toHaveLength(1);
});
