// Connections that end at any moment of a command, also between its statement and its commit: a repeated key finds out
// what became of it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { newCardToken } from "../../../support/client/test-cards.ts";
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

const COMMANDS = 120;
const AT_ONCE = 6;
const BETWEEN_CUTS = 4;
/** More than the pool has. */
const MORE_THAN_POOLED = 40;

test("commands whose connections are cut again and again change everything once, with its event, and leave no connection behind [ID-01] [S54]", async () => {
  const customer = await billing.customer();
  const attached: string[] = [];
  const attach = async () => {
    const idempotencyKey = operations.newKey();
    const input = { accountId: customer.accountId, providerToken: newCardToken(), idempotencyKey };
    attached.push(
      await waitFor(
        async () => (await operations.attachWith(customer, input).catch(() => undefined))?.paymentMethod?.id,
        { what: "an answer", intervalMs: 5 },
      ),
    );
  };
  let left = COMMANDS;
  const workers = Array.from({ length: AT_ONCE }, async () => {
    while (left > 0) {
      left -= 1;
      await attach();
    }
  });
  let cut = 0;
  for (let done = BETWEEN_CUTS; done < COMMANDS; done += BETWEEN_CUTS) {
    await waitFor(() => attached.length >= done, { what: `${done} commands`, intervalMs: 1 });
    const { rowCount } = await billing.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE usename = 'tributary_billing_app' AND datname = current_database()`,
    );
    cut += rowCount ?? 0;
  }
  await Promise.all(workers);
  expect(cut).toBeGreaterThan(COMMANDS / BETWEEN_CUTS);

  await Promise.all(Array.from({ length: MORE_THAN_POOLED }, attach));
  expect(new Set(attached).size).toBe(COMMANDS + MORE_THAN_POOLED);
  const events = await billing.eventsOf(customer.organizationId);
  expect(events.map(({ subject }) => subject).sort()).toEqual([...attached].sort());
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => String(index + 1)));
  const { rows } = await billing.admin.query("SELECT id, is_default FROM payment_method WHERE organization_id = $1", [
    customer.organizationId,
  ]);
  expect(rows.map(({ id }: { id: string }) => id).sort()).toEqual([...attached].sort());
  expect(rows.filter((row: { is_default: boolean }) => row.is_default)).toHaveLength(1);
});
