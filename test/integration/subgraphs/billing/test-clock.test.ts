// An account with a time of its own: all that time brings happens on the way, in its order, and to nobody else.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance());
});
afterAll(() => billing?.stop());

const DAY_MS = 86_400_000;
/** The next one: time moves on only. */
const YEAR = new Date().getUTCFullYear() + 1;
const dayOf = (date: Date, days: number): string => new Date(date.getTime() + days * DAY_MS).toISOString();

/** A customer on a clock of their own, which shows the first of a month of 31 days. */
async function onClock(): Promise<Customer> {
  const customer = await billing.customer();
  await operations.advanceTo(customer, `${YEAR}-01-01T00:00:00.000Z`);
  return customer;
}

test("a year of renewals happens at its moments, each paid once [S91] [S110]", async () => {
  const customer = await onClock();
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, "team", {});
  await operations.advanceTo(customer, `${YEAR + 1}-01-01T00:00:00.000Z`);
  const { invoices, ...plan } = await operations.read(customer, subscription.id);
  expect(plan).toMatchObject({ status: "ACTIVE", currentPeriodEnd: `${YEAR + 1}-02-01T00:00:00.000Z` });
  expect(invoices.map(({ status, lines }: Json) => [status, lines[0].periodStart.slice(0, 10)])).toEqual(
    Array.from({ length: 13 }, (_, at) => ["PAID", new Date(Date.UTC(YEAR + 1, -at, 1)).toISOString().slice(0, 10)]),
  );
  const events = await billing.eventsOf(customer.organizationId);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  const clock = events
    .filter(({ type }) => type === "billing.account.test_clock_set.v1")
    .map(({ data }) => data.target);
  expect(clock).toEqual([`${YEAR}-01-01T00:00:00.000Z`, null, `${YEAR + 1}-01-01T00:00:00.000Z`, null]);
});

test("a card that declines is tried again on the way, until the plan ends", async () => {
  const customer = await onClock();
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, "team", {});
  await operations.attach(customer, "tok_insufficient_funds");
  await operations.advanceTo(customer, `${YEAR}-02-14T23:59:59.000Z`);
  expect((await operations.read(customer, subscription.id)).status).toBe("PAST_DUE");
  await operations.advanceTo(customer, `${YEAR}-03-01T00:00:00.000Z`);
  const { status, invoices } = await operations.read(customer, subscription.id);
  expect([status, invoices[0].status, invoices[0].payments.length]).toEqual(["CANCELED", "UNCOLLECTIBLE", 5]);
});

test("what an account arranged for the end of its period comes then", async () => {
  const customer = await onClock();
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, "business", {});
  await operations.change(customer, subscription.id, { code: "starter", when: "PERIOD_END" });
  await operations.advanceTo(customer, `${YEAR}-02-01T00:00:00.000Z`);
  expect((await operations.read(customer, subscription.id)).plan.code).toBe("starter");
  await operations.cancel(customer, subscription.id);
  await operations.advanceTo(customer, `${YEAR}-06-01T00:00:00.000Z`);
  const { status, invoices } = await operations.read(customer, subscription.id);
  expect([status, invoices.length]).toEqual(["CANCELED", 2]);
});

test("a slow payment holds time up, and all that comes later", async () => {
  const customer = await onClock();
  await operations.attach(customer, "tok_slow");
  const { subscription } = await operations.start(customer, "team", {});
  await operations.advanceTo(customer, `${YEAR}-04-01T00:00:00.000Z`);
  const { status, invoices } = await operations.read(customer, subscription.id);
  expect([status, invoices.map((invoice: Json) => invoice.status)]).toEqual(["ACTIVE", Array(4).fill("PAID")]);
});

test("time moves on, in one direction and one move at a time; the others' stays as it is", async () => {
  const start = new Date();
  const [mine, other] = [await billing.customer(), await billing.customer()];
  await operations.attach(other, "tok_visa");
  const { subscription } = await operations.start(other, "team", {});
  expect(refusals(await operations.advance(mine, mine.accountId, dayOf(start, -1)))).toEqual(["INVALID to"]);
  expect(refusals(await operations.advance(mine, mine.accountId, dayOf(start, 800)))).toEqual(["INVALID to"]);
  expect(refusals(await operations.advance(other, mine.accountId, dayOf(start, 1)))).toEqual(["NOT_FOUND id"]);
  await billing.admin.query(
    "UPDATE billing_account SET test_time = now(), test_target = now() + interval '1 day', status = 'CLOSED' WHERE id = $1",
    [mine.accountId],
  );
  expect(refusals(await operations.advance(mine, mine.accountId, dayOf(start, 3)))).toEqual([
    "STATE_INVALID accountId",
  ]);
  const answer = await operations.advance(other, other.accountId, dayOf(start, 20));
  expect(answer.account.testClock.target).toBe(dayOf(start, 20));
  expect((await operations.read(other, subscription.id)).invoices).toHaveLength(1);
});

test("the same key moves time once", async () => {
  const customer = await billing.customer();
  const idempotencyKey = operations.newKey();
  const to = dayOf(new Date(), 30);
  await operations.advance(customer, customer.accountId, to, { idempotencyKey });
  const again = await operations.advance(customer, customer.accountId, to, { idempotencyKey });
  expect(again.userErrors).toEqual([]);
  expect(again.extensions).toMatchObject({ idempotency: { replayed: true } });
});

test("jobs of the machine's time leave an account alone that has its own", async () => {
  const customer = await onClock();
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, "team", {});
  // As if the account's clock had stood for a long time.
  await billing.admin.query("UPDATE billing_account SET test_time = now() - interval '1 year' WHERE id = $1", [
    customer.accountId,
  ]);
  await billing.admin.query(
    "UPDATE billing_subscription SET current_period_start = now() - interval '1 year', current_period_end = now() - interval '11 months' WHERE id = $1",
    [subscription.id],
  );
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect((await operations.read(customer, subscription.id)).invoices).toHaveLength(1);
});
