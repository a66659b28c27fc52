// An account's first plan may cost nothing for a while: then it is paid for, or ends.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;
let planId: string;
let dearer: string;
const START = new Date("2027-01-10T00:00:00.000Z");

beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => START } });
  operations = operationsOf(billing, await billing.instance());
  const operator = billing.operator();
  planId = (await operations.publish(operator, { code: "trial", trialDays: 14 })).plan.id;
  const price = { amountMinor: "4900", currency: "EUR" };
  dearer = (await operations.publish(operator, { code: "trial-plus", name: "Plus", price, trialDays: 30 })).plan.id;
});
afterAll(() => billing?.stop());

const begin = (customer: Customer, input: Json = {}) =>
  operations.startWith(customer, { accountId: customer.accountId, planId, ...input });

test("it grants its features at once, without an invoice; a card that comes with it is kept [S91]", async () => {
  const customer = await billing.customer();
  const { subscription, invoice, payment, userErrors } = await begin(customer, { providerToken: "tok_visa" });
  expect([userErrors, invoice, payment]).toEqual([[], null, null]);
  const plan = await operations.read(customer, subscription.id);
  expect(plan).toMatchObject({
    ...{ status: "TRIALING", trialEndsAt: "2027-01-24T00:00:00.000Z", currentPeriodEnd: "2027-01-24T00:00:00.000Z" },
    invoices: [],
  });
  expect(await operations.methods(customer)).toMatchObject([{ last4: "4242", isDefault: true }]);
});

test("at its end the first period is charged, and counted from there", async () => {
  const customer = await billing.customer();
  const { subscription } = await begin(customer, { providerToken: "tok_visa" });
  await operations.advanceTo(customer, "2027-03-24T00:00:00.000Z");
  const { invoices, ...plan } = await operations.read(customer, subscription.id);
  expect(plan).toMatchObject({ status: "ACTIVE", currentPeriodEnd: "2027-04-24T00:00:00.000Z" });
  expect(invoices.map(({ status, lines: [line] }: Json) => [status, line.periodStart.slice(0, 10)])).toEqual([
    ["PAID", "2027-03-24"],
    ["PAID", "2027-02-24"],
    ["PAID", "2027-01-24"],
  ]);
  const events = await billing.eventsOf(customer.organizationId);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  const activated = events.find(({ type }) => type === "billing.subscription.activated.v1");
  expect(activated.data).toMatchObject({ fromStatus: "TRIALING", toStatus: "ACTIVE" });
});

test("without a card it ends, and nothing is owed", async () => {
  const customer = await billing.customer();
  const { subscription } = await begin(customer);
  await operations.advanceTo(customer, "2027-02-10T00:00:00.000Z");
  expect(await operations.read(customer, subscription.id)).toMatchObject({ status: "CANCELED", invoices: [] });
});

test("a card that declines at its end is tried again, as any renewal", async () => {
  const customer = await billing.customer();
  const { subscription } = await begin(customer, { providerToken: "tok_declined" });
  await operations.advanceTo(customer, "2027-01-24T00:00:01.000Z");
  const { status, invoices } = await operations.read(customer, subscription.id);
  expect([status, invoices.length, invoices[0].status]).toEqual(["PAST_DUE", 1, "OPEN"]);
});

test("an account has one trial", async () => {
  const customer = await billing.customer();
  const { subscription } = await begin(customer);
  await operations.cancel(customer, subscription.id, { when: "NOW" });
  const again = await begin(customer, { planId: dearer, providerToken: "tok_visa" });
  expect(again.subscription.status).toBe("ACTIVE");
  expect(again.invoice).toMatchObject({ status: "PAID", total: { amountMinor: "4900" } });
});

test("another plan costs nothing before its end, as its preview says; then the new one is charged", async () => {
  const customer = await billing.customer();
  const { subscription } = await begin(customer, { providerToken: "tok_visa" });
  const preview = await operations.preview(customer, subscription.id, { planId: dearer });
  expect(preview).toMatchObject({ charged: { amountMinor: "0" }, dueNow: { amountMinor: "0" } });
  const changed = await operations.change(customer, subscription.id, { planId: dearer });
  expect([changed.userErrors, changed.invoice, changed.payment]).toEqual([[], null, null]);
  expect(changed.subscription).toMatchObject({ status: "TRIALING", trialEndsAt: "2027-01-24T00:00:00.000Z" });
  await operations.advanceTo(customer, "2027-01-24T00:00:00.000Z");
  const { status, invoices } = await operations.read(customer, subscription.id);
  expect([status, invoices[0].total.amountMinor]).toEqual(["ACTIVE", "4900"]);
});

test("ended at its end or at once, it is never charged; paused it cannot be", async () => {
  const customer = await billing.customer();
  const { subscription } = await begin(customer, { providerToken: "tok_visa" });
  expect(refusals(await operations.pause(customer, subscription.id))).toEqual(["STATE_INVALID id"]);
  await operations.cancel(customer, subscription.id);
  await operations.advanceTo(customer, "2027-03-01T00:00:00.000Z");
  expect(await operations.read(customer, subscription.id)).toMatchObject({ status: "CANCELED", invoices: [] });
});
