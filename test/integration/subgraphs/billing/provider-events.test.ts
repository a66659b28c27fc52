// What the payment provider tells of its own accord: signed, once or often, late and in any order.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { singleHeaders } from "../../../../platform/http/single-headers.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { sizeOf } from "../../../tiers.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";
import { providerCalls, type Told } from "./provider-calls.ts";

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  // No worker: whatever happens here happens by what is told.
  subgraph = await billing.instance({ parts: false });
  operations = operationsOf(billing, subgraph);
});
afterAll(() => billing?.stop());

const READ = `query ($id: ID!) { invoice(id: $id) { status payments { id status failureCode providerRef actionUrl
  providerEvents { id provider providerRef type outcome receivedAt processedAt } } subscription { status } } }`;

async function read(customer: Customer, id: string): Promise<Json> {
  const { data, errors } = await billing.ask(subgraph, customer, READ, { id });
  expect(errors).toEqual([]);
  return data.invoice;
}

const tell = providerCalls(() => subgraph);

let told = 0;
const aboutCharge = (type: string, providerRef: string, { paymentId, customer }: Started): Told => {
  const metadata = { tributary_id: paymentId, tributary_organization_id: customer.organizationId };
  told += 1;
  return { id: `evt_${told}`, type: `payment_intent.${type}`, object: { id: providerRef, metadata } };
};

interface Started {
  readonly customer: Customer;
  readonly paymentId: string;
  readonly invoiceId: string;
  readonly providerRef: string;
}

/** A plan whose payment is under way, and decided at the provider after a moment. */
async function slowPayment(card: "tok_slow" | "tok_slow_declined" = "tok_slow"): Promise<Started> {
  const customer = await billing.customer();
  const { payment, invoice } = await operations.start(customer, "team", { providerToken: card });
  expect(payment.status).toBe("PROCESSING");
  const { providerRef } = (await read(customer, invoice.id)).payments[0];
  return { customer, paymentId: payment.id, invoiceId: invoice.id, providerRef };
}

const decided = () => new Promise((resolve) => setTimeout(resolve, 450));

test("a charge that went on without us is settled by what is told of it, whose audit names it [S93] [S94]", async () => {
  const started = await slowPayment();
  await decided();
  expect(await tell(aboutCharge("succeeded", started.providerRef, started))).toBe(200);
  const { status, payments, subscription } = await read(started.customer, started.invoiceId);
  expect([status, subscription.status, payments[0].status]).toEqual(["PAID", "ACTIVE", "SUCCEEDED"]);
  const [event] = payments[0].providerEvents;
  expect(event).toMatchObject({ provider: "sandbox", type: "payment_intent.succeeded", outcome: "APPLIED" });
  const events = await billing.eventsOf(started.customer.organizationId);
  const succeeded = events.find(({ type }) => type === "billing.payment.succeeded.v1");
  expect(succeeded.data).toMatchObject({ providerRef: started.providerRef, providerEventId: event.id });
  const received = events.filter(({ type }) => type === "billing.provider_event.received.v1");
  expect(received.map(({ data }) => data)).toEqual([
    {
      ...{ providerEventId: event.id, provider: "sandbox", providerEventRef: event.providerRef, outcome: "APPLIED" },
      ...{ providerEventType: "payment_intent.succeeded", paymentId: started.paymentId, invoiceId: started.invoiceId },
    },
  ]);
});

test("the same call five times at once has one effect, and is answered five times [WH-01] [S93]", async () => {
  const started = await slowPayment();
  await decided();
  const call = aboutCharge("succeeded", started.providerRef, started);
  expect(await Promise.all(Array.from({ length: 5 }, () => tell(call)))).toEqual(Array(5).fill(200));
  expect(await tell(call)).toBe(200);
  const types = await billing.eventTypes(started.customer.organizationId);
  for (const once of [
    "billing.payment.succeeded.v1",
    "billing.invoice.paid.v1",
    "billing.provider_event.received.v1",
  ]) {
    expect(
      types.filter((type) => type === once),
      once,
    ).toHaveLength(1);
  }
});

const AT_ONCE = 8;

test("what is told in any order, doubled and too early comes to the same end as in order [S93]", {
  timeout: 30_000 + 1_000 * sizeOf("webhookRounds"),
}, async () => {
  const random = seededRandom(1);
  const rounds = sizeOf("webhookRounds");
  const of = async (card: "tok_slow" | "tok_slow_declined") => {
    const started = await slowPayment(card);
    const last = card === "tok_slow" ? "succeeded" : "payment_failed";
    const calls = ["processing", "processing", last].map((type) => aboutCharge(type, started.providerRef, started));
    const doubled = [...calls, ...calls].map((call) => ({ call, at: random() })).sort((a, b) => a.at - b.at);
    // Some come before the provider has decided, the others behind it.
    const early = doubled.slice(0, Math.floor(random() * 3));
    for (const { call } of early) expect(await tell(call)).toBe(200);
    await decided();
    await Promise.all(doubled.map(async ({ call }) => expect(await tell(call)).toBe(200)));
    // One that was told too early is told to its end: nothing new comes of it, and something else must settle it.
    await tell(aboutCharge(last, started.providerRef, started));
    return read(started.customer, started.invoiceId);
  };
  const ends: Json[] = [];
  for (let round = 0; round < rounds; round += AT_ONCE) {
    const cards = Array.from({ length: AT_ONCE }, (_, at) =>
      at % 2 === 0 ? ("tok_slow" as const) : ("tok_slow_declined" as const),
    );
    ends.push(...(await Promise.all(cards.map(of))));
  }
  for (const [round, { status, payments, subscription }] of ends.entries()) {
    const end = [status, subscription.status, payments.length, payments[0].status];
    expect(end).toEqual(round % 2 === 0 ? ["PAID", "ACTIVE", 1, "SUCCEEDED"] : ["OPEN", "INCOMPLETE", 1, "FAILED"]);
  }
});

test("a charge whose answer was lost is found by what is told of it, and never made twice", async () => {
  const customer = await billing.customer();
  const before = billing.provider.charged.size;
  const { payment, invoice } = await operations.start(customer, "team", { providerToken: "tok_timeout" });
  expect(payment.status).toBe("PROCESSING");
  const { data } = await fetchIntents();
  const intent = data.find(({ metadata }: Json) => metadata.tributary_id === payment.id);
  const started = { customer, paymentId: payment.id, invoiceId: invoice.id, providerRef: intent.id };
  expect(await tell(aboutCharge("succeeded", intent.id, started))).toBe(200);
  expect((await read(customer, invoice.id)).status).toBe("PAID");
  expect(billing.provider.charged.size - before).toBeLessThanOrEqual(1);
  expect((await fetchIntents()).data.filter(({ metadata }: Json) => metadata.tributary_id === payment.id)).toHaveLength(
    1,
  );
});

async function fetchIntents(): Promise<Json> {
  const { url, apiKey } = billing.sandbox.address();
  return (await fetch(`${url}/v1/payment_intents`, { headers: { authorization: `Bearer ${apiKey}` } })).json();
}

test("a payment that waits for its payer says where, and goes on when that is told", async () => {
  const customer = await billing.customer();
  const { payment, invoice } = await operations.start(customer, "team", { providerToken: "tok_action" });
  expect(payment.status).toBe("PROCESSING");
  const waiting = (await read(customer, invoice.id)).payments[0];
  expect(waiting.actionUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/actions\//);
  expect(await billing.eventTypes(customer.organizationId)).toContain("billing.payment.action_required.v1");
  const body = new URLSearchParams({ decision: "confirmed" });
  await fetch(waiting.actionUrl, { method: "POST", body, redirect: "manual" });
  const started = { customer, paymentId: payment.id, invoiceId: invoice.id, providerRef: waiting.providerRef };
  await tell(aboutCharge("succeeded", waiting.providerRef, started));
  const paid = await read(customer, invoice.id);
  expect([paid.status, paid.payments[0].actionUrl]).toEqual(["PAID", null]);
});

test("what is about nothing of ours is kept and shown to nobody; a forged organisation changes nothing", async () => {
  const mine = await slowPayment();
  const stranger = await billing.customer();
  const foreign: Told[] = [
    { id: "evt_foreign_1", type: "customer.created", object: { id: "cus_1" } },
    { id: "evt_foreign_2", type: "payment_intent.succeeded", object: { id: "pi_1", metadata: {} } },
    {
      ...{ id: "evt_foreign_3", type: "payment_intent.succeeded" },
      object: { id: "pi_2", metadata: { tributary_id: "no id", tributary_organization_id: "no id" } },
    },
    { ...aboutCharge("succeeded", mine.providerRef, { ...mine, customer: stranger }), id: "evt_foreign_4" },
  ];
  for (const call of foreign) expect(await tell(call), call.id).toBe(200);
  for (const call of foreign) expect(await tell(call), call.id).toBe(200);
  const { rows } = await billing.admin.query(
    "SELECT outcome, organization_id FROM provider_event WHERE provider_ref LIKE 'evt_foreign_%'",
  );
  expect(rows).toEqual(foreign.map(() => ({ outcome: "FOREIGN", organization_id: null })));
  expect((await read(mine.customer, mine.invoiceId)).payments[0].status).toBe("PROCESSING");
});

test("what could not be looked at is told again, and then is", async () => {
  const started = await slowPayment();
  await decided();
  const call = aboutCharge("succeeded", started.providerRef, started);
  await billing.admin.query("ALTER TABLE invoice RENAME TO invoice_away");
  await expect(tell(call)).rejects.toThrow();
  await billing.admin.query("ALTER TABLE invoice_away RENAME TO invoice");
  expect(await tell(call)).toBe(200);
  expect((await read(started.customer, started.invoiceId)).status).toBe("PAID");
});

test("a call that nobody signed leaves nothing [WH-01]", async () => {
  const webhook = subgraph.webhooks?.find(({ name }) => name === "sandbox");
  const body = Buffer.from(JSON.stringify({ id: `evt_${createHash("sha256").digest("hex")}`, type: "x" }));
  const call = { headers: singleHeaders({}), query: new URLSearchParams(), body };
  await expect(webhook?.receive(call)).rejects.toMatchObject({ code: "BAD_REQUEST", status: 400 });
});
