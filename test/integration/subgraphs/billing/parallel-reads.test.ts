// The reads of one request: begun together, merged into one answer, and each failing for itself.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { waitFor } from "../../../support/wait.ts";
import { watchStatements } from "../watched-statements.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";

let billing: BillingFixture;
let subgraph: Subgraph;

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance({ parts: false });
});
afterAll(() => billing?.stop());

const QUERY = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on BillingAccount {
      amountDue { amountMinor }
      paymentMethods { id }
      subscriptions(first: 1) { edges { node { id } } }
      invoices(first: 1) { edges { node { id } } }
    }
  }
  plans(first: 1) { edges { node { code } } }
}`;
const PLANS = { edges: [{ node: { code: "starter" } }] };

test("the database is asked for a part of an account before others are answered, and the answers are merged [S74]", async () => {
  const customer = await billing.customer();
  const variables = { representations: [{ __typename: "BillingAccount", id: customer.accountId }] };
  using statements = watchStatements(/"(invoice|payment_method|billing_subscription)"/);
  const holder = await billing.admin.connect();
  try {
    // Nobody is answered as long as this is held: reads that waited for each other would not get beyond the first.
    await holder.query("BEGIN; LOCK TABLE invoice, payment_method, billing_subscription IN ACCESS EXCLUSIVE MODE");
    const answer = billing.ask(subgraph, customer, QUERY, variables);
    await waitFor(() => statements.begun.length >= 2, { what: "reads to begin together" });
    expect(statements.ended()).toBe(0);
    await holder.query("COMMIT");
    const { data, errors } = await answer;
    expect(errors).toEqual([]);
    expect(data).toEqual({
      _entities: [
        { amountDue: { amountMinor: "0" }, paymentMethods: [], subscriptions: { edges: [] }, invoices: { edges: [] } },
      ],
      plans: PLANS,
    });
  } finally {
    await holder.query("ROLLBACK");
    holder.release();
  }
});

test("a read that fails costs its own part of the answer [S74]", async () => {
  const customer = await billing.customer();
  const variables = { representations: [{ __typename: "BillingAccount", id: customer.accountId }] };
  const role = new URL(billing.databaseUrls.app).username;
  await billing.admin.query(`REVOKE SELECT ON payment_method FROM ${role}`);
  try {
    const { data, errors } = await billing.ask(subgraph, customer, QUERY, variables);
    expect(data).toEqual({ _entities: [null], plans: PLANS });
    expect(errors).toMatchObject([
      { path: ["_entities", 0, "paymentMethods"], extensions: { code: "INTERNAL_SERVER_ERROR" } },
    ]);
  } finally {
    await billing.admin.query(`GRANT SELECT ON payment_method TO ${role}`);
  }
});
