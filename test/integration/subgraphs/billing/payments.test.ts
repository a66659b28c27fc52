import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance());
});

afterAll(() => billing.stop());

const STARTED = ["billing.subscription.started.v1", "billing.invoice.issued.v1", "billing.payment.processing.v1"];
const PAID = ["billing.payment.succeeded.v1", "billing.invoice.paid.v1", "billing.subscription.activated.v1"];

test("a start with a good card issues an invoice, collects it and activates the plan", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  const payload = await operations.start(customer, "team", { quantity: 3 });
  expect(payload.userErrors).toEqual([]);
  expect(payload.subscription).toMatchObject({ status: "ACTIVE", version: 2, quantity: 3, plan: { code: "team" } });
  expect(payload.subscription.account.id).toBe(customer.accountId);
  expect(payload.invoice).toMatchObject({
    number: `${new Date().getUTCFullYear()}-000001`,
    status: "PAID",
    version: 2,
    total: { amountMinor: "8700", currency: "EUR", exponent: 2 },
    amountDue: { amountMinor: "0" },
    lines: [{ description: "Team", quantity: "3", amount: { amountMinor: "8700" } }],
  });
  expect(payload.payment).toMatchObject({ status: "SUCCEEDED", version: 2, provider: "sandbox", failureCode: null });
  expect(await billing.eventTypes(customer.organizationId)).toEqual([
    "billing.payment_method.attached.v1",
    ...STARTED,
    ...PAID,
  ]);
});

test("events satisfy their contracts, carry the row's version and name the actor", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_mastercard");
  const { invoice, payment } = await operations.start(customer, "starter");
  const events = await billing.eventsOf(customer.organizationId);
  expect(events.map((event) => billing.contracts.validate(event))).toEqual(events.map(() => undefined));
  const paid = events.find((event) => event.type === "billing.invoice.paid.v1");
  expect(paid).toMatchObject({
    subject: invoice.id,
    aggregateversion: invoice.version,
    orgid: customer.organizationId,
    actorid: customer.userId,
    data: { paymentId: payment.id, fromStatus: "OPEN", toStatus: "PAID", total: { amountMinor: "900" } },
  });
});

test("a declined card leaves the invoice open, and another card pays it [S17]", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_insufficient_funds");
  const declined = await operations.start(customer, "team");
  expect(declined).toMatchObject({
    subscription: { status: "INCOMPLETE" },
    invoice: { status: "OPEN", amountDue: { amountMinor: "2900" } },
    payment: { status: "FAILED", failureCode: "insufficient_funds" },
    userErrors: [{ code: "PAYMENT_DECLINED", status: 422, message: expect.stringContaining("insufficient funds") }],
  });
  const paymentMethodId = await operations.attach(customer, "tok_visa");
  const paid = await operations.pay(customer, declined.invoice.id, { paymentMethodId });
  expect(paid).toMatchObject({
    invoice: { status: "PAID", subscription: { id: declined.subscription.id, status: "ACTIVE" } },
    payment: { status: "SUCCEEDED" },
    userErrors: [],
  });
  expect(paid.invoice.payments.map((payment: { status: string }) => payment.status)).toEqual(["FAILED", "SUCCEEDED"]);
  const again = await operations.pay(customer, declined.invoice.id);
  expect(again).toMatchObject({ invoice: null, userErrors: [{ code: "STATE_INVALID", status: 422 }] });
});

test("a slow card is in processing first and settles by itself, on behalf of who asked", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_slow");
  const payload = await operations.start(customer, "business");
  expect(payload).toMatchObject({ payment: { status: "PROCESSING" }, invoice: { status: "OPEN" }, userErrors: [] });
  const meanwhile = await operations.pay(customer, payload.invoice.id);
  expect(meanwhile.userErrors).toMatchObject([
    { code: "STATE_INVALID", message: expect.stringContaining("under way") },
  ]);
  expect(await billing.paymentSettled(payload.payment.id)).toBe("SUCCEEDED");
  const events = await billing.eventsOf(customer.organizationId);
  expect(events.slice(1).map((event) => event.type)).toEqual([...STARTED, ...PAID]);
  expect(new Set(events.slice(1).map((event) => event.actorid))).toEqual(new Set([customer.userId]));
  expect(new Set(events.slice(1).map((event) => event.correlationid)).size).toBe(1);
});

test("a slow decline settles as failed and leaves the invoice open", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_slow_declined");
  const { payment, invoice } = await operations.start(customer, "starter");
  expect(await billing.paymentSettled(payment.id)).toBe("FAILED");
  expect((await billing.eventTypes(customer.organizationId)).at(-1)).toBe("billing.payment.failed.v1");
  const { rows } = await billing.admin.query("SELECT status FROM invoice WHERE id = $1", [invoice.id]);
  expect(rows).toEqual([{ status: "OPEN" }]);
});

test("committed events reach the event log in the order of their stream", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_visa");
  await operations.start(customer, "team");
  const expected = await billing.eventTypes(customer.organizationId);
  const partition = await billing.eventLog.partitionOf("billing.events", customer.organizationId);
  const arrived = await waitFor(
    async () => {
      const [range] = (await billing.eventLog.ranges("billing.events")).filter((item) => item.partition === partition);
      const from = range?.low ?? 0n;
      const records = await billing.eventLog.read({ topic: "billing.events", partition, from, limit: 1_000 });
      const types = records
        .filter((record) => record.key === customer.organizationId)
        .map((record) => JSON.parse(record.value).type);
      return types.length >= expected.length ? types : undefined;
    },
    { what: "the organisation's events in the log" },
  );
  expect(arrived).toEqual(expected);
});

test("a plan runs once per account: a second start is refused while it runs or waits for payment", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_declined");
  await operations.start(customer, "starter");
  const second = await operations.start(customer, "starter");
  expect(second).toMatchObject({
    subscription: null,
    userErrors: [
      { code: "STATE_INVALID", field: ["input", "planId"], message: expect.stringContaining("open invoice") },
    ],
  });
});

test("an invoice that is void cannot be paid [S17]", async () => {
  const customer = await billing.customer();
  await operations.attach(customer, "tok_declined");
  const { invoice } = await operations.start(customer, "starter");
  await billing.admin.query("UPDATE invoice SET status = 'VOID' WHERE id = $1", [invoice.id]);
  const { userErrors } = await operations.pay(customer, invoice.id);
  expect(userErrors).toMatchObject([{ code: "STATE_INVALID", status: 422 }]);
});
