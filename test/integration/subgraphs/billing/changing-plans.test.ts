// A plan from its start to its end: other plans and quantities at once and from the next period on, what is credited
// and charged for that, renewals, late payments and ends, on a clock that the test moves.
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;
let now = new Date();
const DAY_MS = 86_400_000;

beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => now } });
  operations = operationsOf(billing, await billing.instance());
});

afterAll(() => billing.stop());

/** A customer whose card is good, and who pays for a plan from the first of a month of 31 days on. */
async function subscriber(code: string, input: Json = {}): Promise<{ customer: Customer; id: string }> {
  now = new Date("2027-01-01T00:00:00.000Z");
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const { subscription, userErrors } = await operations.start(customer, code, input);
  expect(userErrors).toEqual([]);
  return { customer, id: subscription.id };
}

/** Until workers have done what the moment calls for. */
function settled(customer: Customer, id: string, is: (subscription: Json) => boolean): Promise<Json> {
  return waitFor(
    async () => {
      const subscription = await operations.read(customer, id);
      return is(subscription) ? subscription : undefined;
    },
    { what: "the subscription to be brought forward" },
  );
}

test("a dearer plan within a period costs its rest, less the rest of what was paid [S91]", async () => {
  const { customer, id } = await subscriber("team");
  now = new Date("2027-01-16T12:00:00.000Z");
  const preview = await operations.preview(customer, id, { code: "business" });
  // Half of 31 days is left of 2900 and of 9900.
  expect(preview).toMatchObject({
    credited: { amountMinor: "1450" },
    charged: { amountMinor: "4950" },
    dueNow: { amountMinor: "3500" },
    creditLeft: { amountMinor: "0" },
  });
  const changed = await operations.change(customer, id, { code: "business", prorateAt: preview.at });
  expect(changed.userErrors).toEqual([]);
  expect(changed).toMatchObject({
    subscription: { status: "ACTIVE", plan: { code: "business" }, currentPeriodEnd: "2027-02-01T00:00:00.000Z" },
    invoice: {
      status: "PAID",
      total: { amountMinor: "4950" },
      creditUsed: { amountMinor: "1450" },
      lines: [{ description: "Business", proration: true, periodEnd: "2027-02-01T00:00:00.000Z" }],
    },
    payment: { status: "SUCCEEDED", amount: { amountMinor: "3500" } },
    creditNote: { number: "CN-2027-000001", status: "ISSUED", reason: "PLAN_CHANGED", total: { amountMinor: "1450" } },
  });
  expect((await billing.eventTypes(customer.organizationId)).slice(-6)).toEqual([
    "billing.credit_note.issued.v1",
    "billing.invoice.issued.v1",
    "billing.payment.processing.v1",
    "billing.payment.succeeded.v1",
    "billing.invoice.paid.v1",
    "billing.subscription.changed.v1",
  ]);
  const events = await billing.eventsOf(customer.organizationId);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
});

test("a cheaper plan leaves credit, which the next invoice takes before the card is charged", async () => {
  const { customer, id } = await subscriber("business");
  now = new Date("2027-01-16T12:00:00.000Z");
  const { payment, invoice, subscription } = await operations.change(customer, id, { code: "starter" });
  expect(payment).toBeNull();
  expect(invoice).toMatchObject({ status: "PAID", total: { amountMinor: "450" }, creditUsed: { amountMinor: "450" } });
  expect(subscription).toMatchObject({ plan: { code: "starter" }, account: { credit: { amountMinor: "4500" } } });
  now = new Date("2027-02-01T00:00:00.000Z");
  const renewed = await settled(customer, id, (each) => each.currentPeriodEnd === "2027-03-01T00:00:00.000Z");
  expect(renewed.invoices).toHaveLength(3);
  expect(renewed).toMatchObject({
    account: { credit: { amountMinor: "3600" }, amountDue: { amountMinor: "0" } },
  });
});

test("a declined card leaves everything as it was: plan, credit and card", async () => {
  const { customer, id } = await subscriber("team");
  await operations.attach(customer, "tok_declined");
  now = new Date("2027-01-11T00:00:00.000Z");
  const declined = await operations.change(customer, id, { code: "business" });
  expect(refusals(declined)).toEqual(["PAYMENT_DECLINED"]);
  expect(declined).toMatchObject({
    subscription: { status: "ACTIVE", plan: { code: "team" }, account: { credit: { amountMinor: "0" } } },
    invoice: { status: "VOID", amountDue: { amountMinor: "0" } },
    payment: { status: "FAILED" },
    creditNote: { status: "VOID" },
  });
  await operations.attach(customer, "tok_visa");
  const { userErrors, subscription } = await operations.change(customer, id, { code: "business" });
  expect([userErrors, subscription.plan.code]).toEqual([[], "business"]);
});

test("while a change waits for its payment the plan stays, and nothing else is arranged", async () => {
  const { customer, id } = await subscriber("team");
  const slow = await operations.attach(customer, "tok_slow");
  const waiting = await operations.change(customer, id, { code: "business", paymentMethodId: slow });
  expect(waiting).toMatchObject({ payment: { status: "PROCESSING" }, subscription: { plan: { code: "team" } } });
  expect(refusals(await operations.change(customer, id, { code: "starter" }))).toEqual(["STATE_INVALID id"]);
  expect(refusals(await operations.cancel(customer, id, { when: "NOW" }))).toEqual(["STATE_INVALID id"]);
  now = new Date(now.getTime() + 10_000);
  const paid = await settled(customer, id, ({ plan }) => plan.code === "business");
  expect(paid.invoices.map(({ status }: Json) => status)).toEqual(["PAID", "PAID"]);
});

test("a plan by the year begins a year of its own, and credits the month's rest", async () => {
  const { customer, id } = await subscriber("team");
  now = new Date("2027-01-16T12:00:00.000Z");
  const { subscription, invoice } = await operations.change(customer, id, { code: "team-yearly" });
  expect(subscription).toMatchObject({
    currentPeriodStart: "2027-01-16T12:00:00.000Z",
    currentPeriodEnd: "2028-01-16T12:00:00.000Z",
  });
  expect(invoice).toMatchObject({ total: { amountMinor: "29000" }, creditUsed: { amountMinor: "1450" } });
});

test("what is chosen for the next period counts from then on; a second choice takes its place; it can be taken back", async () => {
  const { customer, id } = await subscriber("business", { quantity: 2 });
  await operations.change(customer, id, { code: "team", when: "PERIOD_END" });
  const { subscription } = await operations.change(customer, id, { code: "starter", quantity: 3, when: "PERIOD_END" });
  expect(subscription).toMatchObject({
    plan: { code: "business" },
    scheduledChange: { plan: { code: "starter" }, quantity: 3, at: "2027-02-01T00:00:00.000Z" },
  });
  await operations.resume(customer, id);
  expect(refusals(await operations.resume(customer, id))).toEqual(["STATE_INVALID id"]);
  await operations.change(customer, id, { code: "starter", when: "PERIOD_END" });
  now = new Date("2027-02-01T00:00:00.000Z");
  const renewed = await settled(customer, id, ({ plan }) => plan.code === "starter");
  expect(renewed).toMatchObject({ quantity: 2, scheduledChange: null });
  expect(renewed.invoices[0].total.amountMinor).toBe("1800");
});

test("periods are counted from their anchor: a short month does not shorten those behind it", async () => {
  const { customer, id } = await subscriber("team");
  now = new Date("2027-01-31T10:00:00.000Z");
  const { subscription } = await operations.change(customer, id, { code: "team-yearly" });
  expect(subscription.currentPeriodEnd).toBe("2028-01-31T10:00:00.000Z");
  await operations.change(customer, id, { code: "team", when: "PERIOD_END" });
  now = new Date("2028-03-31T10:00:00.000Z");
  const renewed = await settled(customer, id, (each) => each.currentPeriodEnd > "2028-04");
  const lines = renewed.invoices.slice(0, 3).flatMap(({ lines: [{ periodEnd }] }: Json) => periodEnd);
  expect(lines).toEqual(["2028-04-30T10:00:00.000Z", "2028-03-31T10:00:00.000Z", "2028-02-29T10:00:00.000Z"]);
});

test("a renewal that is not paid is past due, until it is paid; unpaid to the end of the period it ends", async () => {
  const { customer, id } = await subscriber("team");
  await operations.attach(customer, "tok_declined");
  now = new Date("2027-02-01T00:00:00.000Z");
  const late = await settled(customer, id, ({ status }) => status === "PAST_DUE");
  expect(refusals(await operations.change(customer, id, { code: "business" }))).toEqual(["STATE_INVALID id"]);
  const good = await operations.attach(customer, "tok_visa");
  await operations.pay(customer, late.invoices[0].id, { paymentMethodId: good });
  expect((await operations.read(customer, id)).status).toBe("ACTIVE");
  await operations.attach(customer, "tok_declined");
  now = new Date("2027-03-01T00:00:00.000Z");
  await settled(customer, id, ({ status }) => status === "PAST_DUE");
  now = new Date("2027-04-01T00:00:00.000Z");
  const ended = await settled(customer, id, ({ status }) => status === "CANCELED");
  expect(ended.invoices.map(({ status }: Json) => status)).toEqual(["UNCOLLECTIBLE", "PAID", "PAID"]);
});

test("an end at the period's end costs nothing more, and an end at once credits the rest, which a new start takes", async () => {
  const { customer, id } = await subscriber("team");
  const { subscription } = await operations.cancel(customer, id);
  expect(subscription).toMatchObject({ status: "ACTIVE", cancelAt: "2027-02-01T00:00:00.000Z" });
  expect(refusals(await operations.cancel(customer, id))).toEqual(["STATE_INVALID when"]);
  expect((await operations.resume(customer, id)).subscription.cancelAt).toBeNull();
  await operations.cancel(customer, id);
  now = new Date("2027-02-01T00:00:00.000Z");
  const ended = await settled(customer, id, ({ status }) => status === "CANCELED");
  expect(ended.invoices).toHaveLength(1);
  expect(refusals(await operations.resume(customer, id))).toEqual(["STATE_INVALID id"]);

  const started = await operations.start(customer, "team");
  now = new Date(now.getTime() + 14 * DAY_MS);
  const { creditNote } = await operations.cancel(customer, started.subscription.id, { when: "NOW" });
  expect(creditNote).toMatchObject({ reason: "PLAN_CANCELED", total: { amountMinor: "1450" } });
  const again = await operations.start(customer, "starter");
  expect(again).toMatchObject({
    subscription: { status: "ACTIVE" },
    invoice: { status: "PAID", creditUsed: { amountMinor: "900" } },
    payment: null,
  });
});

test("a plan that was never paid ends at once, and nothing is owed", async () => {
  now = new Date("2027-01-01T00:00:00.000Z");
  const customer = await billing.customer();
  await operations.attach(customer, "tok_declined");
  const { subscription } = await operations.start(customer, "team");
  expect(refusals(await operations.start(customer, "starter"))).toEqual(["STATE_INVALID planId"]);
  const canceled = await operations.cancel(customer, subscription.id);
  expect(canceled.subscription).toMatchObject({ status: "CANCELED", account: { amountDue: { amountMinor: "0" } } });
});

test("one plan runs per account: another is a change, never a second charge", async () => {
  const { customer, id } = await subscriber("team");
  expect(refusals(await operations.start(customer, "business"))).toEqual(["STATE_INVALID planId"]);
  expect(refusals(await operations.change(customer, id, { code: "team" }))).toEqual(["STATE_INVALID planId"]);
  expect(refusals(await operations.change(customer, id, { code: "business", expectedVersion: 1 }))).toEqual([
    "VERSION_CONFLICT expectedVersion",
  ]);
  const early = new Date(now.getTime() - 2 * 3_600_000).toISOString();
  expect(refusals(await operations.change(customer, id, { code: "business", prorateAt: early }))).toEqual([
    "STATE_INVALID prorateAt",
  ]);
  const { subscription } = await operations.change(customer, id, { quantity: 4 });
  expect(subscription).toMatchObject({ quantity: 4, plan: { code: "team" } });
});

test("twenty changes at once with one key are one change, and a key with other input is refused", async () => {
  const { customer, id } = await subscriber("team");
  const { version: expectedVersion } = await operations.read(customer, id);
  const idempotencyKey = operations.newKey();
  const ask = (quantity: number) => operations.change(customer, id, { quantity, expectedVersion, idempotencyKey });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(5)));
  const charged = new Set(answers.flatMap(({ invoice }) => invoice?.id ?? []));
  expect(charged.size).toBe(1);
  expect((await operations.read(customer, id)).invoices).toHaveLength(2);
  expect(refusals(await ask(6))).toEqual(["IDEMPOTENCY_MISMATCH idempotencyKey"]);
});

test("while the payment of a new period is under way nothing is changed or ended at once: it would be paid for twice", async () => {
  const { customer, id } = await subscriber("team");
  await operations.attach(customer, "tok_slow");
  now = new Date("2027-02-01T00:00:01.000Z");
  const renewed = await settled(customer, id, ({ invoices }) => invoices.some(({ status }: Json) => status === "OPEN"));
  expect(renewed.status).toBe("ACTIVE");
  expect(await operations.preview(customer, id, { code: "business" })).toBeNull();
  expect(refusals(await operations.change(customer, id, { code: "business" }))).toEqual(["STATE_INVALID id"]);
  expect(refusals(await operations.cancel(customer, id, { when: "NOW" }))).toEqual(["STATE_INVALID id"]);
  await settled(customer, id, ({ invoices }) => {
    // The card takes its time, by this clock.
    now = new Date(now.getTime() + 1_000);
    return invoices.every(({ status }: Json) => status === "PAID");
  });
  expect((await operations.change(customer, id, { code: "business" })).userErrors).toEqual([]);
});
