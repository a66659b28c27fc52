// Whoever changes plan and quantity again and again pays what the preview said, to the minor unit, in currencies with
// no, two and three decimals; and documents, payments and credit of each account add up at every moment.
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../../../support/seeded-random.ts";
import { waitFor } from "../../../support/wait.ts";
import { sizeOf } from "../../../tiers.ts";
import { type BillingFixture, type Customer, type Json, startBilling } from "./billing-fixture.ts";
import { type Operations, operationsOf } from "./operations.ts";

let billing: BillingFixture;
let operations: Operations;
let now = new Date("2027-01-31T10:00:00.000Z");

beforeAll(async () => {
  billing = await startBilling({ clock: { now: () => now } });
  operations = operationsOf(billing, await billing.instance());
});
afterAll(() => billing?.stop());

const CHANGES = sizeOf("previewedChanges");
const CURRENCIES = ["JPY", "EUR", "KWD"] as const;
const PLANS_EACH = 5;
const DAY_MS = 86_400_000;
const random = seededRandom(12);
const oneOf = <Item>(items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
};

/** Prices that hardly anything divides evenly. */
async function addPlans(currency: string): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < PLANS_EACH; at += 1) {
    const id = billing.ids.next("pln");
    const interval = at === PLANS_EACH - 1 ? "YEAR" : "MONTH";
    await billing.admin.query(
      `INSERT INTO plan (id, code, version, name, status, interval, currency, amount_minor, features)
       VALUES ($1, $2, 1, $2, 'PUBLISHED', $3, $4, $5, '[]')`,
      [id, `plan-${currency.toLowerCase()}-${at}`, interval, currency, 1 + Math.floor(random() * 99_999)],
    );
    ids.push(id);
  }
  return ids;
}

interface Buyer {
  readonly customer: Customer;
  readonly plans: readonly string[];
  readonly subscription: string;
}

async function newBuyer(currency: string, plans: readonly string[]): Promise<Buyer> {
  const customer = await billing.customer();
  await billing.admin.query("UPDATE billing_account SET currency = $2 WHERE id = $1", [customer.accountId, currency]);
  await operations.attach(customer, "tok_visa");
  const started = await operations.startWith(customer, { accountId: customer.accountId, planId: plans[0] });
  expect(started.userErrors).toEqual([]);
  return { customer, plans, subscription: started.subscription.id };
}

/** With its period at hand: workers renew what the clock has left behind. */
const current = ({ customer, subscription }: Buyer): Promise<Json> =>
  waitFor(
    async () => {
      const read = await operations.read(customer, subscription);
      const isPaid = read.invoices.every(({ status }: Json) => status === "PAID");
      return new Date(read.currentPeriodEnd) > now && read.status === "ACTIVE" && isPaid ? read : undefined;
    },
    { what: "the subscription to be renewed and paid", deadlineMs: 30_000 },
  );

async function changeAsPreviewed(buyer: Buyer): Promise<boolean> {
  const { version, quantity: former } = await current(buyer);
  const wanted = { planId: oneOf(buyer.plans), quantity: 1 + Math.floor(random() * 9) };
  const preview = await operations.preview(buyer.customer, buyer.subscription, wanted);
  // What it is for already cannot be chosen.
  if (preview === null) return false;
  const moment = new Date(preview.at).getTime();
  // Some take their time to think it over.
  now = new Date(moment + Math.floor(random() * 60_000));
  const changed = await operations.change(buyer.customer, buyer.subscription, {
    ...{ ...wanted, expectedVersion: version, prorateAt: preview.at },
  });
  expect(changed.userErrors, JSON.stringify({ wanted, former, preview })).toEqual([]);
  const { invoice, creditNote, payment, subscription } = changed;
  expect({
    credited: creditNote?.total.amountMinor ?? "0",
    charged: invoice.total.amountMinor,
    creditUsed: invoice.creditUsed.amountMinor,
    dueNow: payment?.amount.amountMinor ?? "0",
    creditLeft: subscription.account.credit.amountMinor,
    status: invoice.status,
  }).toEqual({
    credited: preview.credited.amountMinor,
    charged: preview.charged.amountMinor,
    creditUsed: preview.creditUsed.amountMinor,
    dueNow: preview.dueNow.amountMinor,
    creditLeft: preview.creditLeft.amountMinor,
    status: "PAID",
  });
  return true;
}

/** Of an account, in minor units. */
async function ledgerOf({ customer: { accountId } }: Buyer): Promise<Record<string, bigint>> {
  const { rows } = await billing.admin.query(
    `SELECT
       (SELECT credit_minor FROM billing_account WHERE id = $1) AS credit,
       (SELECT coalesce(sum(total_minor), 0) FROM credit_note WHERE account_id = $1 AND status = 'ISSUED') AS credited,
       (SELECT coalesce(sum(credit_minor), 0) FROM invoice WHERE account_id = $1 AND status <> 'VOID') AS used,
       (SELECT coalesce(sum(total_minor - credit_minor), 0) FROM invoice WHERE account_id = $1 AND status = 'PAID') AS due,
       (SELECT coalesce(sum(payment.amount_minor), 0) FROM payment JOIN invoice ON invoice.id = invoice_id
         WHERE account_id = $1 AND payment.status = 'SUCCEEDED') AS paid`,
    [accountId],
  );
  return Object.fromEntries(Object.entries<string>(rows[0]).map(([name, value]) => [name, BigInt(value)]));
}

async function expectBalanced(buyer: Buyer): Promise<void> {
  const { credit, credited = 0n, used = 0n, due, paid } = await ledgerOf(buyer);
  expect(credit).toBe(credited - used);
  expect(paid).toBe(due);
}

test("a preview equals the later invoice, and every account adds up [S91]", {
  timeout: 60_000 + 400 * CHANGES,
}, async () => {
  const buyers: Buyer[] = [];
  for (const currency of CURRENCIES) buyers.push(await newBuyer(currency, await addPlans(currency)));
  let done = 0;
  while (done < CHANGES) {
    now = new Date(now.getTime() + Math.floor(random() * (random() < 0.1 ? 20 : 2) * DAY_MS));
    const buyer = oneOf(buyers);
    if (await changeAsPreviewed(buyer)) done += 1;
    if (done % 50 === 0) await expectBalanced(buyer);
  }
  for (const buyer of buyers) {
    await current(buyer);
    await expectBalanced(buyer);
  }
});
