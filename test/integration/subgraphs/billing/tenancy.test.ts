import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;
let owner: Customer;
let stranger: Customer;
let started: Json;
let paymentMethodId: string;

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance({ parts: false });
  operations = operationsOf(billing, subgraph);
  owner = await billing.customer();
  stranger = await billing.customer();
  await operations.attach(stranger, "tok_visa");
  paymentMethodId = await operations.attach(owner, "tok_declined");
  started = await operations.start(owner, "team");
});

afterAll(() => billing.stop());

async function rowCount(): Promise<number> {
  const { rows } = await billing.admin.query(
    "SELECT (SELECT count(*) FROM payment) + (SELECT count(*) FROM payment_method) + (SELECT count(*) FROM outbox) AS rows",
  );
  return Number(rows[0].rows);
}

test("queries by a foreign id answer like those by a missing one [MT-03]", async () => {
  const query = `query ($invoice: ID!, $subscription: ID!) {
    invoice(id: $invoice) { id } billingSubscription(id: $subscription) { id } }`;
  const foreign = { invoice: started.invoice.id, subscription: started.subscription.id };
  const missing = { invoice: billing.ids.next("inv"), subscription: billing.ids.next("sub") };
  const malformed = { invoice: "inv_\u0000", subscription: "1' OR '1'='1" };
  for (const variables of [foreign, missing, malformed]) {
    const { data, errors } = await billing.ask(subgraph, stranger, query, variables);
    expect(data).toEqual({ invoice: null, billingSubscription: null });
    expect(errors.map((error) => error.extensions.code)).toEqual(["NOT_FOUND", "NOT_FOUND"]);
  }
  const { data } = await billing.ask(subgraph, owner, query, foreign);
  expect(data).toEqual({ invoice: { id: foreign.invoice }, billingSubscription: { id: foreign.subscription } });
});

test("entity references resolve for the owner and are null for strangers and for members without billing.read [MT-03]", async () => {
  const representations = [
    { __typename: "BillingAccount", id: owner.accountId },
    { __typename: "BillingSubscription", id: started.subscription.id },
    { __typename: "Invoice", id: started.invoice.id },
    { __typename: "Payment", id: started.payment.id },
    { __typename: "PaymentMethod", id: paymentMethodId },
  ];
  const query =
    "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Node { id } } }";
  const ids = representations.map(({ id }) => ({ id }));
  const member = billing.viewerOf(owner.organizationId, ["organization.read"]);
  expect((await billing.ask(subgraph, owner, query, { representations })).data._entities).toEqual(ids);
  for (const viewer of [stranger, member]) {
    const { data } = await billing.ask(subgraph, viewer, query, { representations });
    expect(data._entities).toEqual(ids.map(() => null));
  }
});

test("an organisation's billing account shows to its readers only", async () => {
  const query = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on Organization { id billingAccount { id organization { id } } } } }`;
  const representations = [{ __typename: "Organization", id: owner.organizationId }];
  const account = async (viewer: Customer["viewer"]) =>
    (await billing.ask(subgraph, viewer, query, { representations })).data._entities[0].billingAccount;
  expect(await account(owner)).toEqual({ id: owner.accountId, organization: { id: owner.organizationId } });
  expect(await account(stranger)).toBeNull();
  expect(await account(billing.viewerOf(owner.organizationId, []))).toBeNull();
});

test("mutations on foreign ids answer like those on missing ones and write nothing [MT-03]", async () => {
  const before = await rowCount();
  const attach = (accountId: string) => operations.attachWith(stranger, { accountId, providerToken: "tok_visa" });
  const planId = await billing.planId("team");
  const start = (accountId: string) => operations.startWith(stranger, { accountId, planId });
  const pay = (id: string) => operations.pay(stranger, id);
  const useForeignCard = (id: string) => operations.start(stranger, "team", { paymentMethodId: id });
  const pairs = [
    [attach(owner.accountId), attach(billing.ids.next("acc"))],
    [start(owner.accountId), start(billing.ids.next("acc"))],
    [pay(started.invoice.id), pay(billing.ids.next("inv"))],
    [useForeignCard(paymentMethodId), useForeignCard(billing.ids.next("pm"))],
  ];
  for (const pair of pairs) {
    const [foreign, missing] = await Promise.all(pair);
    expect(foreign).toEqual(missing);
    expect(foreign.userErrors).toMatchObject([{ code: "NOT_FOUND", status: 404 }]);
  }
  expect(await rowCount()).toBe(before);
});

test("a member without billing.manage is refused, and the refusal is an event [S5] [S17]", async () => {
  const reader = billing.viewerOf(owner.organizationId, ["billing.read"]);
  const payloads = [
    await operations.attachWith(reader, { accountId: owner.accountId, providerToken: "tok_visa" }),
    await operations.pay(reader, started.invoice.id),
  ];
  for (const { userErrors } of payloads) expect(userErrors).toMatchObject([{ code: "FORBIDDEN", status: 403 }]);
  const denials = (await billing.eventsOf(owner.organizationId)).filter(
    ({ type }) => type === "billing.access.denied.v1",
  );
  expect(denials.map(({ data }) => data.permission)).toEqual(["billing.manage"]);
});

test("the app role sees no row without a tenant, and cannot write into another [MT-01]", async () => {
  const client = new Client({ connectionString: billing.databaseUrls.app });
  await client.connect();
  try {
    for (const table of [
      "billing_account",
      "payment_method",
      "billing_subscription",
      "invoice",
      "invoice_line",
      "payment",
      "invoice_counter",
    ]) {
      const { rows } = await client.query(`SELECT count(*)::int AS seen FROM ${table}`);
      expect([table, rows[0].seen]).toEqual([table, 0]);
    }
    await client.query("SELECT set_config('app.tenants', $1, false)", [stranger.organizationId]);
    const insert = "INSERT INTO billing_account (id, organization_id, currency) VALUES ('acc_x', $1, 'EUR')";
    await expect(client.query(insert, [owner.organizationId])).rejects.toThrow("row-level security");
    const steal = "UPDATE invoice SET status = 'PAID', paid_at = now() WHERE id = $1";
    expect((await client.query(steal, [started.invoice.id])).rowCount).toBe(0);
  } finally {
    await client.end();
  }
});

test("the relay role sees what workers look for, whose it is and nothing else", async () => {
  await operations.attach(stranger, "tok_slow");
  const { payment } = await operations.start(stranger, "starter");
  const client = new Client({ connectionString: billing.databaseUrls.relay });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT id, organization_id FROM payment");
    expect(rows).toEqual([{ id: payment.id, organization_id: stranger.organizationId }]);
    // Of invoices those that are overdue, of accounts those that have a time of their own.
    for (const table of ["invoice", "billing_account", "refund"]) {
      expect((await client.query(`SELECT id, organization_id FROM ${table}`)).rows).toEqual([]);
    }
    for (const statement of [
      "SELECT amount_minor FROM payment",
      "SELECT total_minor FROM invoice",
      "SELECT credit_minor FROM billing_account",
      "UPDATE payment SET status = 'FAILED'",
    ]) {
      await expect(client.query(statement)).rejects.toThrow("permission denied");
    }
  } finally {
    await client.end();
  }
});

test("a card number is refused, and no digits of it are stored", async () => {
  const before = await rowCount();
  for (const providerToken of ["4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "tok_unknown"]) {
    const { userErrors } = await operations.attachWith(owner, { accountId: owner.accountId, providerToken });
    expect(userErrors).toMatchObject([{ code: "INVALID", field: ["input", "providerToken"], status: 400 }]);
  }
  expect(await rowCount()).toBe(before);
});

test("mutations need a signed-in user", async () => {
  const query = "mutation ($input: InvoicePayInput!) { invoicePay(input: $input) { userErrors { code } } }";
  const header = await billing.signAnonymous();
  const variables = { input: { id: started.invoice.id, idempotencyKey: "anonymous-key" } };
  const { body } = await subgraph.endpoint.handle({ "x-tributary-identity": header }, { query, variables });
  expect(body.errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED", status: 401 } }]);
});
