// One organisation asks for more than it can be given at once: nobody else notices, and nothing of its own is lost.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { newCardToken } from "../../../support/client/test-cards.ts";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

/** More than the subgraph has connections. */
const BURST = 60;

let billing: BillingFixture;
let subgraph: Subgraph;
let operations: Operations;

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance({ parts: false });
  operations = operationsOf(billing, subgraph);
});
afterAll(() => billing?.stop());

const METHODS = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on BillingAccount { paymentMethods { id } } }
}`;

test("commands that wait for one row hold no more than their organisation's part of the connections", async () => {
  const [busy, quiet] = await Promise.all([billing.customer(), billing.customer()]);
  const holder = await billing.admin.connect();
  let burst: Promise<string[]> | undefined;
  try {
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM billing_account WHERE id = $1 FOR UPDATE", [busy.accountId]);
    burst = Promise.all(Array.from({ length: BURST }, () => operations.attach(busy, newCardToken())));
    burst.catch(() => undefined);
    const blocked = async () => {
      const { rows } = await billing.admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows.length;
    };
    await waitFor(async () => (await blocked()) >= 2, { what: "commands that wait for the row" });

    await operations.attach(quiet, newCardToken());
    const representations = [quiet, busy].map(({ accountId }) => ({ __typename: "BillingAccount", id: accountId }));
    expect(await billing.ask(subgraph, quiet, METHODS, { representations: representations.slice(0, 1) })).toMatchObject(
      {
        data: { _entities: [{ paymentMethods: [{ id: expect.any(String) }] }] },
        errors: [],
      },
    );
    expect(await billing.ask(subgraph, busy, METHODS, { representations: representations.slice(1) })).toMatchObject({
      data: { _entities: [{ paymentMethods: [] }] },
      errors: [],
    });
    expect(await blocked()).toBeLessThanOrEqual(3);
  } finally {
    await holder.query("ROLLBACK");
    holder.release();
  }
  expect(new Set(await burst).size).toBe(BURST);
});
