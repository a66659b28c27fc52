// The books of an account, read from its rows, its events and the provider, must agree with each other at every moment.
import { expect } from "vitest";
import type { BillingFixture, Customer, Json } from "./billing-fixture.ts";

/** From which state a plan may come into which: written down anew, not taken from what is tested. */
const LEGAL_MOVES = new Set([
  "INCOMPLETE>ACTIVE",
  "INCOMPLETE>CANCELED",
  "TRIALING>ACTIVE",
  "TRIALING>CANCELED",
  "ACTIVE>PAST_DUE",
  "ACTIVE>PAUSED",
  "ACTIVE>CANCELED",
  "PAST_DUE>ACTIVE",
  "PAST_DUE>CANCELED",
  "PAUSED>ACTIVE",
  "PAUSED>CANCELED",
]);

const sum = (amounts: readonly string[]): bigint => amounts.reduce((total, amount) => total + BigInt(amount), 0n);

interface Books {
  readonly credit: string;
  readonly invoices: readonly Json[];
  readonly notes: readonly Json[];
  readonly payments: readonly Json[];
  readonly refunds: readonly Json[];
  readonly lines: readonly Json[];
  readonly subscriptions: readonly Json[];
}

async function readBooks({ admin }: BillingFixture, { accountId, organizationId }: Customer): Promise<Books> {
  const of = async (table: string, by: string, value: string): Promise<Json[]> =>
    (await admin.query(`SELECT * FROM ${table} WHERE ${by} = $1 ORDER BY id`, [value])).rows;
  const [[account], invoices, notes, payments, refunds, lines, subscriptions] = await Promise.all([
    of("billing_account", "id", accountId),
    of("invoice", "account_id", accountId),
    of("credit_note", "account_id", accountId),
    of("payment", "organization_id", organizationId),
    of("refund", "organization_id", organizationId),
    of("invoice_line", "organization_id", organizationId),
    of("billing_subscription", "account_id", accountId),
  ]);
  return { credit: account.credit_minor, invoices, notes, payments, refunds, lines, subscriptions };
}

/** What was charged is paid for, and by nobody twice. */
function expectInvoicesCovered({ invoices, payments, notes }: Books): void {
  for (const invoice of invoices) {
    const own = payments.filter(({ invoice_id }) => invoice_id === invoice.id);
    const succeeded = own.filter(({ status }) => status === "SUCCEEDED");
    const paid = sum(succeeded.map(({ amount_minor }) => amount_minor));
    const due = BigInt(invoice.total_minor) - BigInt(invoice.credit_minor);
    const what = `invoice ${invoice.number} (${invoice.status})`;
    if (invoice.status === "PAID") expect(paid, what).toBe(due);
    else expect(paid, what).toBe(0n);
    expect(succeeded.length, what).toBeLessThanOrEqual(1);
    if (invoice.status !== "OPEN") {
      expect(own.filter(({ status }) => status === "PROCESSING").length, what).toBe(0);
    }
    const issued = notes.filter(({ invoice_id, status }) => invoice_id === invoice.id && status === "ISSUED");
    expect(sum(issued.map(({ total_minor }) => total_minor)), what).toBe(BigInt(invoice.credited_minor));
    expect(BigInt(invoice.credited_minor) <= BigInt(invoice.total_minor), what).toBe(true);
  }
  const numbers = invoices.map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
}

/** Credit is what was credited, less what invoices took and what was paid out. */
function expectCreditExplained({ credit, invoices, notes, refunds }: Books): void {
  const credited = notes.filter(({ status, reason }) => status === "ISSUED" && reason !== "REFUNDED");
  const used = invoices.filter(({ status }) => status !== "VOID");
  const paidOut = refunds.filter(({ status, credit_note_id }) => status !== "FAILED" && credit_note_id === null);
  expect(BigInt(credit)).toBe(
    sum(credited.map(({ total_minor }) => total_minor)) -
      sum(used.map(({ credit_minor }) => credit_minor)) -
      sum(paidOut.map(({ amount_minor }) => amount_minor)),
  );
}

function expectRefundsCounted({ payments, refunds }: Books): void {
  for (const payment of payments) {
    const given = refunds.filter(({ payment_id, status }) => payment_id === payment.id && status !== "FAILED");
    expect(sum(given.map(({ amount_minor }) => amount_minor))).toBe(BigInt(payment.refunded_minor));
  }
}

/** No moment of a plan is paid for by two lines, what was credited apart. */
function expectNoPeriodTwice({ invoices, lines, notes, subscriptions }: Books): void {
  for (const { id } of subscriptions) {
    const paid = invoices.filter((invoice) => invoice.subscription_id === id && invoice.status === "PAID");
    const periods = lines
      .filter(({ invoice_id }) => paid.some((invoice) => invoice.id === invoice_id))
      .map((line) => {
        const note = notes.find(({ invoice_line_id, status }) => invoice_line_id === line.id && status === "ISSUED");
        return { start: line.period_start.getTime(), end: (note?.period_start ?? line.period_end).getTime() };
      })
      .filter(({ start, end }) => end > start)
      .sort((one, other) => one.start - other.start);
    for (const [at, { end }] of periods.entries()) {
      const next = periods[at + 1];
      if (next !== undefined) expect(next.start, "a period is paid for twice").toBeGreaterThanOrEqual(end);
    }
  }
}

/** The provider moved what the books say, each charge once. */
async function expectProviderAgrees({ sandbox }: BillingFixture, { payments }: Books): Promise<void> {
  const { url, apiKey } = sandbox.address();
  const { data } = await (
    await fetch(`${url}/v1/payment_intents`, { headers: { authorization: `Bearer ${apiKey}` } })
  ).json();
  for (const { id, status, amount_minor: amount } of payments) {
    const charges = data.filter(({ metadata }: Json) => metadata.tributary_id === id);
    expect(charges.length, `charges of ${id}`).toBeLessThanOrEqual(1);
    if (status === "SUCCEEDED") expect(charges).toMatchObject([{ status: "succeeded", amount: Number(amount) }]);
    if (status === "FAILED" && charges.length > 0) expect(charges[0].status).not.toBe("succeeded");
  }
}

/** Events tell each change of status, once and in order, and end where the rows are. */
async function expectEventsTell(billing: BillingFixture, { organizationId }: Customer, books: Books): Promise<void> {
  const events = await billing.streamOf(organizationId);
  expect(events.flatMap((event) => billing.contracts.validate(event) ?? [])).toEqual([]);
  expect(events.map(({ sequence }) => Number(sequence))).toEqual(events.map((_, at) => at + 1));
  const rows = [...books.subscriptions, ...books.invoices, ...books.payments, ...books.notes, ...books.refunds];
  for (const { id, status, version } of rows) {
    const own = events.filter(({ subject }) => subject === id);
    const versions = own.map(({ aggregateversion }) => aggregateversion);
    expect(versions, `versions of ${id}`).toEqual([...new Set(versions)].sort((one, other) => one - other));
    expect(versions.at(-1) ?? 0).toBeLessThanOrEqual(version);
    let current: string | null = null;
    for (const { type, data } of own) {
      expect(data.fromStatus, `${type} of ${id}`).toBe(current);
      if (id.startsWith("sub_") && current !== null && data.toStatus !== current) {
        expect(LEGAL_MOVES, `${current}>${data.toStatus}`).toContain(`${current}>${data.toStatus}`);
      }
      current = data.toStatus;
    }
    expect(current, `last status told of ${id}`).toBe(status);
  }
}

/** At most one plan runs. */
function expectOnePlan({ subscriptions }: Books): void {
  expect(subscriptions.filter(({ status }) => status !== "CANCELED").length).toBeLessThanOrEqual(1);
}

export async function expectReconciled(billing: BillingFixture, customer: Customer): Promise<void> {
  const books = await readBooks(billing, customer);
  expectInvoicesCovered(books);
  expectCreditExplained(books);
  expectRefundsCounted(books);
  expectNoPeriodTwice(books);
  expectOnePlan(books);
  await expectProviderAgrees(billing, books);
  await expectEventsTell(billing, customer, books);
}
