// Postgres has no connection left for the subgraph: it is told as what it is, and the same key finds its place later.
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  operations = operationsOf(billing, await billing.instance({ parts: false }));
});
afterAll(() => billing?.stop());

const ATTACH = `mutation ($input: PaymentMethodAttachInput!) {
  paymentMethodAttach(input: $input) { paymentMethod { id } userErrors { code } } }`;
const METHODS = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on BillingAccount { paymentMethods { id } } } }`;

/** Superusers are let in all the same. */
async function allow(connections: number): Promise<void> {
  const { rows } = await billing.admin.query("SELECT current_database() AS name");
  await billing.admin.query(`ALTER DATABASE "${rows[0].name}" CONNECTION LIMIT ${connections}`);
}

async function endConnections(): Promise<void> {
  await billing.admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE usename = 'tributary_billing_app' AND datname = current_database()`,
  );
}

test("too many connections are no internal error: who asks is told to come back with the same key, and it works once", async () => {
  const subgraph = await billing.instance({ parts: false });
  const customer = await billing.customer();
  const input = { accountId: customer.accountId, providerToken: "tok_visa", idempotencyKey: operations.newKey() };
  const representations = [{ __typename: "BillingAccount", id: customer.accountId }];
  const attach = () => billing.ask(subgraph, customer, ATTACH, { input });
  const read = () => billing.ask(subgraph, customer, METHODS, { representations });
  await read();
  await allow(0);
  await endConnections();
  try {
    for (const ask of [attach, read, attach, read]) {
      const { errors } = await ask();
      expect(errors).not.toHaveLength(0);
      for (const { extensions } of errors) {
        expect(extensions).toMatchObject({ code: "SERVICE_UNAVAILABLE", status: 503, retryable: true });
        expect(extensions.retryAfterSeconds).toBe(1);
      }
      expect(errors[0].message).toMatch(/same idempotency key/);
    }
  } finally {
    await allow(-1);
  }
  const attached = await waitFor(async () => (await attach()).data?.paymentMethodAttach?.paymentMethod.id, {
    what: "the command to be carried out",
  });
  expect((await attach()).data.paymentMethodAttach.paymentMethod.id).toBe(attached);
  expect((await read()).data._entities).toEqual([{ paymentMethods: [{ id: attached }] }]);
});
