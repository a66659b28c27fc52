// Money that operators give back: never more than was paid, never twice, and nothing of it is credited again.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";
import { providerCalls } from "./provider-calls.ts";

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;
const tell = providerCalls(() => subgraph);

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance();
  operations = operationsOf(billing, subgraph);
});
afterAll(() => billing?.stop());

interface Paid {
  readonly customer: Customer;
  readonly invoiceId: string;
  readonly paymentId: string;
  readonly subscriptionId: string;
}

/** A customer who paid 29.00 EUR for a month. */
async function paid(providerToken = "tok_visa"): Promise<Paid> {
  const customer = await billing.customer();
  const { invoice, payment, subscription } = await operations.start(customer, "team", { providerToken });
  expect(payment.status).toBe("SUCCEEDED");
  return { customer, invoiceId: invoice.id, paymentId: payment.id, subscriptionId: subscription.id };
}

/** Once the worker has carried all refunds of the invoice out. */
async function refunded({ customer, invoiceId }: Paid): Promise<Json> {
  const isDone = async (): Promise<boolean> => {
    const { refunds } = (await operations.moneyBack(customer, invoiceId)).payments[0];
    return refunds.every(({ status }: Json) => status !== "PROCESSING");
  };
  await waitFor(isDone, { what: "the refunds to be carried out" });
  // An answer is read bit by bit: one half of it may be older than the other.
  return operations.moneyBack(customer, invoiceId);
}

const minor = ({ amountMinor }: Json): string => amountMinor;

test("a refund takes back what the invoice charged, and the provider gives the money back [S91] [S94]", async () => {
  const sale = await paid();
  const { refund, userErrors } = await operations.refund(billing.operator(), sale.customer, sale.paymentId, {
    amount: { amountMinor: "1000", currency: "EUR" },
  });
  expect(userErrors).toEqual([]);
  expect(refund).toMatchObject({ status: "PROCESSING", reason: "By mistake", amount: { amountMinor: "1000" } });
  const invoice = await refunded(sale);
  expect(invoice).toMatchObject({ status: "PAID", credited: { amountMinor: "1000" } });
  expect(invoice.creditNotes).toEqual([
    { status: "ISSUED", reason: "REFUNDED", total: { amountMinor: "1000" }, periodStart: null },
  ]);
  expect(invoice.account.credit.amountMinor).toBe("0");
  const [payment] = invoice.payments;
  expect([payment.status, minor(payment.refunded)]).toEqual(["SUCCEEDED", "1000"]);
  expect(payment.refunds[0]).toMatchObject({ status: "SUCCEEDED", failureCode: null });
  expect(payment.refunds[0].providerRef).toMatch(/^sbx_re_/);
  const events = await billing.eventsOf(sale.customer.organizationId);
  expect(events.slice(-3).map(({ type }) => type)).toEqual([
    "billing.credit_note.issued.v1",
    "billing.refund.processing.v1",
    "billing.refund.succeeded.v1",
  ]);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  // Who decided it stands beside what became of it.
  expect(new Set(events.slice(-3).map(({ actorid }) => actorid)).size).toBe(1);
});

test("parallel refunds, with keys of their own, never give back more than was paid", async () => {
  const sale = await paid();
  const ask = () =>
    operations.refund(billing.operator(), sale.customer, sale.paymentId, {
      amount: { amountMinor: "1000", currency: "EUR" },
    });
  const answers = await Promise.all(Array.from({ length: 8 }, ask));
  expect(answers.filter(({ refund }) => refund !== null)).toHaveLength(2);
  for (const answer of answers.filter(({ refund }) => refund === null)) {
    expect(refusals(answer)).toEqual(["STATE_INVALID amount"]);
    expect(answer.userErrors[0].message).toContain("900 minor units of EUR");
  }
  const rest = await operations.refund(billing.operator(), sale.customer, sale.paymentId);
  expect(minor(rest.refund.amount)).toBe("900");
  const invoice = await refunded(sale);
  expect(minor(invoice.payments[0].refunded)).toBe("2900");
  const { data } = await refundsAtProvider(sale);
  expect(data.reduce((sum: number, { amount }: Json) => sum + amount, 0)).toBe(2900);
});

async function refundsAtProvider({ paymentId }: Paid): Promise<Json> {
  const { rows } = await billing.admin.query("SELECT provider_ref FROM payment WHERE id = $1", [paymentId]);
  const { url, apiKey } = billing.sandbox.address();
  const query = new URLSearchParams({ payment_intent: rows[0].provider_ref });
  return (await fetch(`${url}/v1/refunds?${query}`, { headers: { authorization: `Bearer ${apiKey}` } })).json();
}

test("the same key is the same refund; another amount under it is refused", async () => {
  const sale = await paid();
  const operator = billing.operator();
  const idempotencyKey = operations.newKey();
  const input = { idempotencyKey, amount: { amountMinor: "500", currency: "EUR" } };
  const first = await operations.refund(operator, sale.customer, sale.paymentId, input);
  const again = await operations.refund(operator, sale.customer, sale.paymentId, input);
  expect(again.refund.id).toBe(first.refund.id);
  expect(again.extensions).toMatchObject({ idempotency: { replayed: true } });
  const other = await operations.refund(operator, sale.customer, sale.paymentId, { idempotencyKey });
  expect(refusals(other)).toEqual(["IDEMPOTENCY_MISMATCH idempotencyKey"]);
  expect(minor((await refunded(sale)).payments[0].refunded)).toBe("500");
});

test("a refund that the bank refuses leaves everything as it was", async () => {
  const sale = await paid("tok_refund_fails");
  await operations.refund(billing.operator(), sale.customer, sale.paymentId);
  const invoice = await refunded(sale);
  expect(invoice).toMatchObject({ status: "PAID", credited: { amountMinor: "0" } });
  expect(invoice.creditNotes).toMatchObject([{ status: "VOID" }]);
  expect(invoice.payments[0]).toMatchObject({
    refunded: { amountMinor: "0" },
    refunds: [{ status: "FAILED", failureCode: "lost_or_stolen_card" }],
  });
  const types = await billing.eventTypes(sale.customer.organizationId);
  expect(types.slice(-2)).toEqual(["billing.credit_note.voided.v1", "billing.refund.failed.v1"]);
});

test("a plan that was refunded leaves no credit when it ends", async () => {
  const sale = await paid();
  await operations.refund(billing.operator(), sale.customer, sale.paymentId);
  const { creditNote, userErrors } = await operations.cancel(sale.customer, sale.subscriptionId, { when: "NOW" });
  expect(userErrors).toEqual([]);
  expect(creditNote).toBeNull();
  expect((await refunded(sale)).account.credit.amountMinor).toBe("0");
});

test("what a plan left as credit can be paid out, once", async () => {
  const sale = await paid();
  const { creditNote } = await operations.cancel(sale.customer, sale.subscriptionId, { when: "NOW" });
  const credit = minor(creditNote.total);
  const operator = billing.operator();
  // The invoice itself has nothing left that could be taken back.
  const left = String(2900n - BigInt(credit));
  const tooMuch = await operations.refund(operator, sale.customer, sale.paymentId, {
    amount: { amountMinor: credit, currency: "EUR" },
  });
  expect(tooMuch.userErrors[0].message).toContain(`${left} minor units`);
  const { refund } = await operations.refund(operator, sale.customer, sale.paymentId, { source: "CREDIT" });
  expect(minor(refund.amount)).toBe(credit);
  const invoice = await refunded(sale);
  expect(invoice.account.credit.amountMinor).toBe("0");
  expect(invoice.payments[0].refunds).toMatchObject([{ status: "SUCCEEDED", creditNote: null }]);
  const again = await operations.refund(operator, sale.customer, sale.paymentId, { source: "CREDIT" });
  expect(refusals(again)).toEqual(["STATE_INVALID amount"]);
});

test("a refund whose answer was lost is carried out once, by what is told of it", async () => {
  const sale = await paid();
  const { refund } = await operations.refund(billing.operator(), sale.customer, sale.paymentId);
  await refunded(sale);
  const [{ providerRef }] = (await operations.moneyBack(sale.customer, sale.invoiceId)).payments[0].refunds;
  // Told again, late and doubled: it is known.
  const metadata = { tributary_id: refund.id, tributary_organization_id: sale.customer.organizationId };
  const told = { id: `evt_${refund.id}`, type: "refund.created", object: { id: providerRef, metadata } };
  expect(await Promise.all([tell(told), tell(told), tell(told)])).toEqual([200, 200, 200]);
  const types = await billing.eventTypes(sale.customer.organizationId);
  expect(types.filter((type) => type === "billing.refund.succeeded.v1")).toHaveLength(1);
  expect((await refundsAtProvider(sale)).data).toHaveLength(1);
});

test("only operators give money back: its customer hears so, and a stranger of nothing", async () => {
  const sale = await paid();
  const stranger = await billing.customer();
  expect(refusals(await operations.refund(sale.customer, sale.customer, sale.paymentId))).toEqual(["FORBIDDEN"]);
  expect(refusals(await operations.refund(stranger, sale.customer, sale.paymentId))).toEqual(["NOT_FOUND id"]);
  expect(refusals(await operations.refund(billing.operator(), stranger, sale.paymentId))).toEqual(["NOT_FOUND id"]);
  expect(refusals(await operations.refund(billing.operator(), sale.customer, "pay_1"))).toEqual(["NOT_FOUND id"]);
  expect((await operations.moneyBack(sale.customer, sale.invoiceId)).payments[0].refunds).toEqual([]);
});

test.for([
  { input: { amount: { amountMinor: "0", currency: "EUR" } }, refused: ["INVALID amountMinor"] },
  { input: { amount: { amountMinor: "-5", currency: "EUR" } }, refused: ["INVALID amountMinor"] },
  { input: { amount: { amountMinor: "5", currency: "USD" } }, refused: ["INVALID currency"] },
  { input: { amount: { amountMinor: "2901", currency: "EUR" } }, refused: ["STATE_INVALID amount"] },
  { input: { reason: "  " }, refused: ["BLANK reason"] },
  { input: { source: "CREDIT" }, refused: ["STATE_INVALID amount"] },
])("a refund with $input is refused", async ({ input, refused }) => {
  const sale = await paid();
  expect(refusals(await operations.refund(billing.operator(), sale.customer, sale.paymentId, input))).toEqual(refused);
});

test("a payment that failed has nothing to give back", async () => {
  const customer = await billing.customer();
  const { payment } = await operations.start(customer, "team", { providerToken: "tok_declined" });
  expect(refusals(await operations.refund(billing.operator(), customer, payment.id))).toEqual(["STATE_INVALID id"]);
});

test("an open invoice is declared void by operators, and the plan that was past due for it goes on", async () => {
  const sale = await paid();
  const { customer, subscriptionId } = sale;
  await operations.start(await billing.customer(), "team", { providerToken: "tok_visa" });
  expect(refusals(await operations.voidInvoice(billing.operator(), customer, sale.invoiceId))).toEqual([
    "STATE_INVALID id",
  ]);
  const open = await pastDue(sale);
  expect(refusals(await operations.voidInvoice(customer, customer, open))).toEqual(["FORBIDDEN"]);
  const answer = await operations.voidInvoice(billing.operator(), customer, open);
  expect(answer).toMatchObject({ invoiceId: open, userErrors: [] });
  expect(await operations.moneyBack(customer, open)).toMatchObject({
    status: "VOID",
    subscription: { id: subscriptionId, status: "ACTIVE" },
    account: { amountDue: { amountMinor: "0" } },
  });
  const voided = (await billing.eventsOf(customer.organizationId)).find(
    ({ type }) => type === "billing.invoice.voided.v1",
  );
  expect(voided.data.reason).toBe("By mistake");
});

/** @returns the invoice that the plan is past due for */
async function pastDue({ customer, subscriptionId }: Paid): Promise<string> {
  // Its card is gone, and its period over.
  await billing.admin.query("UPDATE payment_method SET is_default = false WHERE account_id = $1", [customer.accountId]);
  await billing.admin.query(
    `UPDATE billing_subscription SET current_period_start = now() - interval '1 month',
       current_period_end = now() - interval '1 minute' WHERE id = $1`,
    [subscriptionId],
  );
  const late = await waitFor(
    async () => {
      const subscription = await operations.read(customer, subscriptionId);
      return subscription.status === "PAST_DUE" ? subscription : undefined;
    },
    { what: "the plan to be past due" },
  );
  return late.invoices.find(({ status }: Json) => status === "OPEN").id;
}

test("an invoice of a plan that was never paid is not declared void: the plan is cancelled", async () => {
  const customer = await billing.customer();
  const { invoice } = await operations.start(customer, "team", { providerToken: "tok_declined" });
  const answer = await operations.voidInvoice(billing.operator(), customer, invoice.id);
  expect(refusals(answer)).toEqual(["STATE_INVALID id"]);
  expect(answer.userErrors[0].message).toContain("cancel the plan");
});
