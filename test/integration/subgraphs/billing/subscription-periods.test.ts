// Subscriptions are brought forward by runs of a job, and only those that can be: what waits for a payment makes none.
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;
let now = new Date("2027-01-01T00:00:00.000Z");

beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => now } });
  operations = operationsOf(billing, await billing.instance());
});
afterAll(() => billing.stop());

const itemsOfRuns = async (): Promise<number[]> => {
  const { rows } = await billing.admin.query("SELECT items_total FROM job_run ORDER BY id");
  return rows.map(({ items_total }: { items_total: number }) => items_total);
};

/** Until its period ends later than the clock says. */
const renewed = (id: string) =>
  waitFor(
    async () => {
      const sql = "SELECT 1 FROM billing_subscription WHERE id = $1 AND current_period_end > $2::timestamptz";
      return (await billing.admin.query(sql, [id, now.toISOString()])).rows.length > 0;
    },
    { what: "the renewal" },
  );

test("a run is made for what can be brought forward, and what waits for a payment comes when that is settled [S110]", async () => {
  const [waiting, ready] = [await billing.customer(), await billing.customer()];
  const subscriptions: string[] = [];
  for (const customer of [waiting, ready]) {
    await operations.attach(customer, "tok_visa");
    subscriptions.push((await operations.start(customer, "team", {})).subscription.id);
  }
  const [late = "", due = ""] = subscriptions;
  const slow = await operations.attach(waiting, "tok_slow");
  const change = await operations.change(waiting, late, { code: "business", paymentMethodId: slow });
  expect(change.payment.status).toBe("PROCESSING");
  expect(await itemsOfRuns()).toEqual([]);
  // Their periods end now.
  await billing.admin.query(
    `UPDATE billing_subscription SET current_period_end = $2::timestamptz,
       current_period_start = $2::timestamptz - interval '1 month'
     WHERE id = ANY ($1)`,
    [subscriptions, now.toISOString()],
  );
  await renewed(due);
  const { rows } = await billing.admin.query("SELECT 1 FROM subscription_change WHERE status = 'PENDING'");
  expect(rows).toHaveLength(1);
  expect(await itemsOfRuns()).toEqual([1]);
  now = new Date(now.getTime() + 10_000);
  await renewed(late);
  const ended = async () => {
    const events = await billing.eventsOf("platform");
    return events.filter(({ type }) => type === "billing.job.finished.v1").length === 2 && events;
  };
  const events = await waitFor(ended, { what: "the ends of both runs" });
  expect(events.map(({ type, data }) => [type, data.itemsDone])).toEqual([
    ["billing.job.started.v1", 0],
    ["billing.job.finished.v1", 1],
    ["billing.job.started.v1", 0],
    ["billing.job.finished.v1", 1],
  ]);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  expect(await itemsOfRuns()).toEqual([1, 1]);
});
