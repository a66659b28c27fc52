// What payers ask their banks for: the money is contested, and stays or goes.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf, refusals } from "./operations.ts";
import { providerCalls } from "./provider-calls.ts";

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;
const tell = providerCalls(() => subgraph);

beforeAll(async () => {
  billing = await startBilling();
  // No worker: whatever happens here happens by what is told.
  subgraph = await billing.instance({ parts: false });
  operations = operationsOf(billing, subgraph);
});
afterAll(() => billing?.stop());

interface Disputed {
  readonly customer: Customer;
  readonly invoiceId: string;
  readonly paymentId: string;
  readonly subscriptionId: string;
  readonly charge: string;
  readonly dispute: string;
}

async function atSandbox(path: string, form: Readonly<Record<string, string>>): Promise<Json> {
  const { url, apiKey } = billing.sandbox.address();
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${url}${path}`, { method: "POST", headers, body: new URLSearchParams(form) });
  return response.json();
}

/** A payment that its payer asks the bank for. */
async function disputed(): Promise<Disputed> {
  const customer = await billing.customer();
  const { invoice, payment, subscription } = await operations.start(customer, "team", { providerToken: "tok_visa" });
  const { rows } = await billing.admin.query("SELECT provider_ref FROM payment WHERE id = $1", [payment.id]);
  const charge = rows[0].provider_ref;
  const { id: dispute } = await atSandbox("/sandbox/disputes", { payment_intent: charge });
  return { customer, invoiceId: invoice.id, paymentId: payment.id, subscriptionId: subscription.id, charge, dispute };
}

let told = 0;
function news({ charge, dispute }: Disputed, what: "created" | "closed"): Promise<number | string> {
  told += 1;
  return tell({
    id: `evt_dispute_${told}`,
    type: `charge.dispute.${what}`,
    object: { id: dispute, payment_intent: charge },
  });
}

const end = ({ dispute }: Disputed, status: "won" | "lost") =>
  atSandbox(`/sandbox/disputes/${dispute}/close`, { status });

const seen = async ({ customer, invoiceId }: Disputed): Promise<Json> => {
  const invoice = await operations.moneyBack(customer, invoiceId);
  const { refunded, disputes } = invoice.payments[0];
  return [
    invoice.status,
    invoice.subscription.status,
    refunded.amountMinor,
    ...disputes.map(({ status }: Json) => status),
  ];
};

test("an open dispute is shown, and nothing else may be given back meanwhile [S93] [S94]", async () => {
  const sale = await disputed();
  expect(await news(sale, "created")).toBe(200);
  expect(await seen(sale)).toEqual(["PAID", "ACTIVE", "0", "OPEN"]);
  const refused = await operations.refund(billing.operator(), sale.customer, sale.paymentId);
  expect(refusals(refused)).toEqual(["STATE_INVALID id"]);
  const events = await billing.eventsOf(sale.customer.organizationId);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  const opened = events.find(({ type }) => type === "billing.dispute.opened.v1");
  expect(opened.data).toMatchObject({ paymentId: sale.paymentId, toStatus: "OPEN", reason: "fraudulent" });
  const received = events.find(({ type }) => type === "billing.provider_event.received.v1");
  expect(opened.data.providerEventId).toBe(received.data.providerEventId);
});

test("one that is won leaves everything as it was", async () => {
  const sale = await disputed();
  await news(sale, "created");
  await end(sale, "won");
  expect(await news(sale, "closed")).toBe(200);
  expect(await seen(sale)).toEqual(["PAID", "ACTIVE", "0", "WON"]);
  const { refund } = await operations.refund(billing.operator(), sale.customer, sale.paymentId);
  expect(refund.amount.amountMinor).toBe("2900");
});

test("one that is lost takes the money, and ends the plan that it pays for", async () => {
  const sale = await disputed();
  await news(sale, "created");
  await end(sale, "lost");
  expect(await news(sale, "closed")).toBe(200);
  expect(await seen(sale)).toEqual(["UNCOLLECTIBLE", "CANCELED", "2900", "LOST"]);
  const { account, paidAt } = await operations.moneyBack(sale.customer, sale.invoiceId);
  expect([account.credit.amountMinor, account.amountDue.amountMinor, paidAt]).toEqual(["0", "0", null]);
  const types = (await billing.eventTypes(sale.customer.organizationId)).slice(-4);
  expect(types).toEqual([
    "billing.dispute.closed.v1",
    "billing.invoice.uncollectible.v1",
    "billing.subscription.canceled.v1",
    "billing.provider_event.received.v1",
  ]);
  // Whoever has lost the plan may start another one.
  const { userErrors } = await operations.start(sale.customer, "starter", { providerToken: "tok_visa-2" });
  expect(userErrors).toEqual([]);
});

test("one that is lost for a period long over leaves the plan as it is", async () => {
  const sale = await disputed();
  await billing.admin.query(
    "UPDATE invoice_line SET period_start = period_start - interval '1 year', period_end = period_end - interval '1 year'" +
      " WHERE invoice_id = $1",
    [sale.invoiceId],
  );
  await end(sale, "lost");
  await news(sale, "closed");
  expect(await seen(sale)).toEqual(["UNCOLLECTIBLE", "ACTIVE", "2900", "LOST"]);
});

test("told in any order, doubled and at once, it comes to the same end", async () => {
  const sales = await Promise.all(Array.from({ length: 6 }, disputed));
  await Promise.all(
    sales.map(async (sale, at) => {
      await end(sale, at % 2 === 0 ? "lost" : "won");
      const calls = ["closed", "created", "closed", "created"] as const;
      await Promise.all(calls.map((what) => news(sale, what)));
    }),
  );
  for (const [at, sale] of sales.entries()) {
    const [lost, won] = [
      ["UNCOLLECTIBLE", "CANCELED", "2900", "LOST"],
      ["PAID", "ACTIVE", "0", "WON"],
    ];
    expect(await seen(sale)).toEqual(at % 2 === 0 ? lost : won);
    const types = await billing.eventTypes(sale.customer.organizationId);
    expect(types.filter((type) => type === "billing.dispute.closed.v1")).toHaveLength(1);
    expect(types.filter((type) => type === "billing.dispute.opened.v1")).toHaveLength(1);
  }
});
