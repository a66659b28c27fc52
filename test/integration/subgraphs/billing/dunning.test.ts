// What becomes of renewals that could not be collected: tried again by why they failed, with another card at once, and
// given up in the end. On a clock that the test moves.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

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

interface Subscriber {
  readonly customer: Customer;
  readonly id: string;
}

const DUNNING = `query ($id: ID!) { billingSubscription(id: $id) { status account { amountDue { amountMinor }
  invoices(first: 5) { edges { node { id status retryAt dunningEndsAt payments { status failureCode } } } } } } }`;

/** The plan with its newest invoice. */
async function read({ customer, id }: Subscriber): Promise<Json> {
  const { status, account } = (await billing.ask(await instance(), customer, DUNNING, { id })).data.billingSubscription;
  return { status, amountDue: account.amountDue.amountMinor, invoice: account.invoices.edges[0].node };
}

let reader: ReturnType<BillingFixture["instance"]> | undefined;
const instance = () => {
  reader ??= billing.instance({ parts: false });
  return reader;
};

async function until(subscriber: Subscriber, what: string, is: (state: Json) => boolean): Promise<Json> {
  await waitFor(async () => is(await read(subscriber)), { what });
  // An answer is read bit by bit: one half of it may be older than the other.
  return read(subscriber);
}

const attempts = ({ invoice }: Json): number => invoice.payments.length;
const isSettled = ({ invoice }: Json): boolean => invoice.payments.every(({ status }: Json) => status !== "PROCESSING");

/** A plan of 29.00 EUR whose second month could not be collected. */
async function pastDue(card: string): Promise<Subscriber> {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const { subscription } = await operations.start(customer, "team", {});
  await operations.attach(customer, card);
  const subscriber = { customer, id: subscription.id };
  now = new Date("2027-02-01T00:00:00.000Z");
  await until(
    subscriber,
    "the plan to be past due",
    ({ status, invoice }) => status === "PAST_DUE" && invoice.retryAt !== undefined && invoice.dunningEndsAt !== null,
  );
  return subscriber;
}

test("a card without money is tried again after days; when it pays, the plan is active [S91]", async () => {
  const subscriber = await pastDue("tok_insufficient_funds");
  const first = await read(subscriber);
  expect(first.invoice).toMatchObject({
    status: "OPEN",
    retryAt: "2027-02-03T00:00:00.000Z",
    dunningEndsAt: "2027-02-15T00:00:00.000Z",
    payments: [{ status: "FAILED", failureCode: "insufficient_funds" }],
  });
  now = new Date("2027-02-03T00:00:00.000Z");
  const second = await until(subscriber, "the second attempt", (state) => attempts(state) === 2 && isSettled(state));
  expect([second.status, second.invoice.retryAt]).toEqual(["PAST_DUE", "2027-02-06T00:00:00.000Z"]);
  // Money is there: the card behaves like another one.
  await billing.admin.query("UPDATE payment_method SET is_default = false WHERE account_id = $1", [
    subscriber.customer.accountId,
  ]);
  await billing.admin.query("UPDATE payment_method SET is_default = true WHERE account_id = $1 AND last4 = '4242'", [
    subscriber.customer.accountId,
  ]);
  now = new Date("2027-02-06T00:00:00.000Z");
  const paid = await until(subscriber, "the third attempt", (state) => attempts(state) === 3 && isSettled(state));
  expect(paid).toMatchObject({
    ...{ status: "ACTIVE", amountDue: "0" },
    invoice: { status: "PAID", retryAt: null, dunningEndsAt: null },
  });
  const events = await billing.eventsOf(subscriber.customer.organizationId);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  const overdue = events.filter(({ type }) => type === "billing.invoice.overdue.v1");
  expect(overdue.map(({ data }) => [data.failureCode, data.retryAt])).toEqual([
    ["insufficient_funds", "2027-02-03T00:00:00.000Z"],
    ["insufficient_funds", "2027-02-06T00:00:00.000Z"],
  ]);
});

test("a card that is no good is not tried again; another one is, at once", async () => {
  const subscriber = await pastDue("tok_expired");
  expect((await read(subscriber)).invoice).toMatchObject({ retryAt: null, dunningEndsAt: "2027-02-15T00:00:00.000Z" });
  now = new Date("2027-02-10T00:00:00.000Z");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(attempts(await read(subscriber))).toBe(1);
  await operations.attach(subscriber.customer, "tok_mastercard");
  const paid = await until(subscriber, "the new card to pay", ({ status }) => status === "ACTIVE");
  expect(paid.invoice).toMatchObject({ status: "PAID", retryAt: null, dunningEndsAt: null });
});

test("what is never paid is given up, and the plan ends; its grants went on until then", async () => {
  const subscriber = await pastDue("tok_declined");
  for (const [day, count] of [
    ["02", 2],
    ["04", 3],
    ["07", 4],
    ["11", 5],
  ] as const) {
    now = new Date(`2027-02-${day}T00:00:00.000Z`);
    const state = await until(subscriber, `attempt ${count}`, (each) => attempts(each) === count && isSettled(each));
    expect(state.status).toBe("PAST_DUE");
  }
  expect((await read(subscriber)).invoice.retryAt).toBeNull();
  now = new Date("2027-02-15T00:00:00.000Z");
  const ended = await until(subscriber, "the end", ({ status }) => status === "CANCELED");
  expect(ended).toMatchObject({ amountDue: "0", invoice: { status: "UNCOLLECTIBLE", dunningEndsAt: null } });
  expect(attempts(ended)).toBe(5);
  const types = await billing.eventTypes(subscriber.customer.organizationId);
  expect(types.slice(-2)).toEqual(["billing.invoice.uncollectible.v1", "billing.subscription.canceled.v1"]);
});

test("whoever ends the plan meanwhile is charged no more, and owes until it is given up", async () => {
  const subscriber = await pastDue("tok_declined");
  await operations.cancel(subscriber.customer, subscriber.id, { when: "NOW" });
  now = new Date("2027-02-02T00:00:00.000Z");
  await until(subscriber, "the retry to be dropped", ({ invoice }) => invoice.retryAt === null);
  const canceled = await read(subscriber);
  expect([canceled.status, canceled.amountDue, attempts(canceled)]).toEqual(["CANCELED", "2900", 1]);
  // Paying of one's own accord is still possible.
  const paid = await operations.pay(subscriber.customer, canceled.invoice.id, { providerToken: "tok_visa-9" });
  expect(paid.userErrors).toEqual([]);
  expect((await read(subscriber)).amountDue).toBe("0");
});

test("two instances that find the same invoice try it once", async () => {
  const other = await billing.instance();
  const subscriber = await pastDue("tok_declined");
  now = new Date("2027-02-02T00:00:00.000Z");
  await until(subscriber, "the second attempt", (state) => attempts(state) === 2 && isSettled(state));
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(attempts(await read(subscriber))).toBe(2);
  await billing.stopInstance(other);
});
