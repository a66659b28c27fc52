// An installation of version 0.1.0, where an account could have several plans, is brought up to date: one plan stays,
// what is left of the others is credited.
import type { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { namedId } from "../../../support/identities.ts";
import { waitFor } from "../../../support/wait.ts";
import { makeReleasedDatabase } from "../released-database.ts";
import { type BillingFixture, type Json, startBilling } from "./billing-fixture.ts";
import { operationsOf } from "./operations.ts";

const ORGANIZATION = namedId("org", "works");
const ACCOUNT = namedId("acc", "works");
const DAY_MS = 86_400_000;
/** Ten days of thirty have passed. */
const begun = new Date(Date.now() - 10 * DAY_MS);
const ends = new Date(begun.getTime() + 30 * DAY_MS);

interface Old {
  readonly id: string;
  readonly plan: string;
  readonly status: string;
  readonly paid: boolean;
}

/** In the order in which they were started. */
const OLD: readonly Old[] = [
  { id: "sub_00000000-0000-7000-8000-000000000001", plan: "team", status: "ACTIVE", paid: true },
  { id: "sub_00000000-0000-7000-8000-000000000002", plan: "starter", status: "ACTIVE", paid: true },
  { id: "sub_00000000-0000-7000-8000-000000000003", plan: "business", status: "INCOMPLETE", paid: false },
];
const PRICES: Readonly<Record<string, number>> = { team: 3_000, starter: 900, business: 9_900 };

let billing: BillingFixture;
beforeAll(async () => {
  billing = await startBilling({
    before: (urls, adminUrl) => makeReleasedDatabase({ name: "billing", urls, adminUrl, write }),
  });
});
afterAll(() => billing?.stop());

async function write(admin: Client): Promise<void> {
  await admin.query("INSERT INTO billing_account (id, organization_id, currency) VALUES ($1, $2, 'EUR')", [
    ACCOUNT,
    ORGANIZATION,
  ]);
  await admin.query("INSERT INTO invoice_counter (organization_id, year, last_number) VALUES ($1, $2, 3)", [
    ORGANIZATION,
    begun.getUTCFullYear(),
  ]);
  for (const [index, { id, plan, status, paid }] of OLD.entries()) {
    const planId = namedId("pln", plan);
    const invoiceId = id.replace("sub_", "inv_");
    const amount = PRICES[plan];
    await admin.query(
      `INSERT INTO plan (id, code, version, name, status, interval, currency, amount_minor, features)
       VALUES ($1, $2, 1, $2, 'PUBLISHED', 'MONTH', 'EUR', $3, '[]')`,
      [planId, plan, amount],
    );
    await admin.query(
      `INSERT INTO billing_subscription (id, organization_id, account_id, plan_id, status, quantity,
         current_period_start, current_period_end, created_at)
       VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $6)`,
      [id, ORGANIZATION, ACCOUNT, planId, status, begun, ends],
    );
    await admin.query(
      `INSERT INTO invoice (id, organization_id, account_id, subscription_id, number, status, currency,
         subtotal_minor, tax_minor, total_minor, issued_at, due_at, paid_at)
       VALUES ($1, $2, $3, $4, $5, $6, 'EUR', $7, 0, $7, $8, $8, $9)`,
      [
        ...[invoiceId, ORGANIZATION, ACCOUNT, id, `${begun.getUTCFullYear()}-00000${index + 1}`],
        ...[paid ? "PAID" : "OPEN", amount, begun, paid ? begun : null],
      ],
    );
    await admin.query(
      `INSERT INTO invoice_line (id, organization_id, invoice_id, description, quantity, currency, unit_amount_minor,
         amount_minor, period_start, period_end)
       VALUES ($1, $2, $3, $4, 1, 'EUR', $5, $5, $6, $7)`,
      [id.replace("sub_", "lin_"), ORGANIZATION, invoiceId, plan, amount, begun, ends],
    );
  }
}

test("of several plans the newest paid one stays, the others end, and what is left of them is credited", async () => {
  const operations = operationsOf(billing, await billing.instance());
  const viewer = billing.viewerOf(ORGANIZATION, ["billing.read", "billing.manage"]);
  const [team = "", starter = "", business = ""] = OLD.map(({ id }) => id);
  const states = async () =>
    Promise.all([team, starter, business].map(async (id) => (await operations.read(viewer, id)).status));
  await waitFor(async () => (await states()).join() === "CANCELED,ACTIVE,CANCELED", { what: "one plan to be left" });
  const { account, invoices } = await operations.read(viewer, starter);
  // About twenty of thirty days are left of 3000.
  expect(Number(account.credit.amountMinor)).toBeGreaterThan(1_990);
  expect(Number(account.credit.amountMinor)).toBeLessThanOrEqual(2_000);
  expect(account.amountDue.amountMinor).toBe("0");
  expect(invoices.map(({ status }: Json) => status).toSorted()).toEqual(["PAID", "PAID", "VOID"]);
  expect(await billing.eventTypes(ORGANIZATION)).toEqual(
    expect.arrayContaining([
      "billing.credit_note.issued.v1",
      "billing.invoice.voided.v1",
      "billing.subscription.canceled.v1",
    ]),
  );
});
