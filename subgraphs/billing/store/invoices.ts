/** Statements on invoices, their lines and numbers. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { InvoiceModel } from "../../../prisma/billing/generated/models/Invoice.ts";
import type { InvoiceLineModel } from "../../../prisma/billing/generated/models/InvoiceLine.ts";
import { invoiceLineRows, invoiceRows } from "../../../prisma/billing/generated/raw-rows.ts";
import { InvoiceStatus } from "../../../schema/generated/billing.ts";
import type { BillTo } from "../domain/billing-details.ts";
import { AccountId, InvoiceId, InvoiceLineId, SubscriptionId } from "../domain/ids.ts";
import { creditableOf, type Invoice, type InvoiceLine, type PaidLine } from "../domain/invoice.ts";
import { toStoredBillTo } from "./billing-details.ts";
import type { BillingTransaction } from "./database.ts";
import { requireRow } from "./require-row.ts";
import { tables } from "./tables.ts";

function toInvoice(row: InvoiceModel): Invoice {
  const { number, currency, subtotalMinor, taxMinor, totalMinor, creditMinor, creditedMinor } = row;
  const { issuedAt, dueAt, paidAt, retryAt, dunningEndsAt, version } = row;
  return {
    id: InvoiceId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    accountId: AccountId.require(row.accountId),
    subscriptionId: row.subscriptionId === null ? null : SubscriptionId.require(row.subscriptionId),
    number,
    status: storedEnum(InvoiceStatus, row.status),
    currency,
    subtotalMinor,
    taxMinor,
    totalMinor,
    creditMinor,
    creditedMinor,
    issuedAt,
    dueAt,
    paidAt,
    retryAt,
    dunningEndsAt,
    version,
  };
}

function toLine(row: InvoiceLineModel): InvoiceLine {
  const { description, quantity, currency, unitAmountMinor, amountMinor, proration, periodStart, periodEnd } = row;
  return {
    id: InvoiceLineId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    invoiceId: InvoiceId.require(row.invoiceId),
    description,
    quantity,
    currency,
    unitAmountMinor,
    amountMinor,
    proration,
    periodStart,
    periodEnd,
  };
}

export async function findInvoices(tx: BillingTransaction, ids: readonly InvoiceId[]): Promise<Invoice[]> {
  const rows = await tables(tx).invoice.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toInvoice);
}

/** Locks the invoice until the commit: what is decided about its payment is decided by one transaction at a time. */
export async function lockInvoice(tx: BillingTransaction, id: InvoiceId): Promise<Invoice> {
  const { columns, parse } = invoiceRows;
  const rows = parse(await tables(tx).$queryRaw`SELECT ${columns} FROM invoice WHERE id = ${id} FOR UPDATE`);
  return toInvoice(requireRow(rows.at(0)));
}

export async function findLinesOf(tx: BillingTransaction, invoiceIds: readonly InvoiceId[]): Promise<InvoiceLine[]> {
  const where = { invoiceId: { in: [...invoiceIds] } };
  const rows = await tables(tx).invoiceLine.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toLine);
}

export interface InvoiceQuery {
  readonly accountId: AccountId;
  readonly status?: InvoiceStatus;
}

/** Newest first. */
export async function pageInvoices(tx: BillingTransaction, query: InvoiceQuery, page: Page): Promise<RowPage<Invoice>> {
  const { where, orderBy, take } = keysetById(page, "descending");
  const { invoice } = tables(tx);
  const rows = await invoice.findMany({ where: { ...query, ...where }, orderBy, take });
  return { rows: rows.map(toInvoice), totalCount: page.counted ? await invoice.count({ where: query }) : null };
}

/** What is to be paid of open invoices, by account; an account without any is missing. */
export async function sumOpenInvoices(
  tx: BillingTransaction,
  accountIds: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, bigint>> {
  const groups = await tables(tx).invoice.groupBy({
    by: ["accountId"],
    where: { accountId: { in: [...accountIds] }, status: "OPEN" },
    _sum: { totalMinor: true, creditMinor: true },
  });
  return new Map(
    groups.map(({ accountId, _sum: { totalMinor, creditMinor } }) => [
      AccountId.require(accountId),
      (totalMinor ?? 0n) - (creditMinor ?? 0n),
    ]),
  );
}

const counterRows = z.array(z.object({ last_number: z.int() })).length(1);

/** Documents that are numbered, each kind apart. */
const PREFIXES = { INVOICE: "", CREDIT_NOTE: "CN-" } as const;

/**
 * Takes the organisation's next number of the year, e.g. `2026-000001` or `CN-2026-000001`; its counter stays locked
 * until the commit.
 */
export async function takeNumber(
  tx: BillingTransaction,
  organizationId: OrganizationId,
  series: keyof typeof PREFIXES,
  year: number,
): Promise<string> {
  const rows = await tables(tx).$queryRaw`
    INSERT INTO invoice_counter AS counter (organization_id, series, year, last_number)
    VALUES (${organizationId}, ${series}, ${year}, 1)
    ON CONFLICT (organization_id, series, year) DO UPDATE SET last_number = counter.last_number + 1
    RETURNING last_number`;
  const [row] = counterRows.parse(rows);
  return `${PREFIXES[series]}${year}-${String(row?.last_number).padStart(6, "0")}`;
}

export interface NewInvoiceLine
  extends Pick<InvoiceLine, "id" | "description" | "quantity" | "unitAmountMinor" | "amountMinor" | "proration"> {
  readonly periodStart: Date;
  readonly periodEnd: Date;
}

export interface NewInvoice
  extends Pick<
    Invoice,
    | "id"
    | "organizationId"
    | "accountId"
    | "number"
    | "currency"
    | "subtotalMinor"
    | "taxMinor"
    | "creditMinor"
    | "issuedAt"
    | "dueAt"
  > {
  readonly subscriptionId: SubscriptionId;
  /** What is said of its payer, for good; undefined: nobody said so. */
  readonly billTo: BillTo | undefined;
  readonly line: NewInvoiceLine;
}

/** Inserts an invoice with its line: OPEN, or PAID where credit covers it. */
export async function insertInvoice(
  tx: BillingTransaction,
  { line, billTo, ...invoice }: NewInvoice,
): Promise<Invoice> {
  const { organizationId, currency, id: invoiceId, issuedAt } = invoice;
  const totalMinor = invoice.subtotalMinor + invoice.taxMinor;
  const isPaid = invoice.creditMinor === totalMinor;
  const state = isPaid ? { status: "PAID", paidAt: issuedAt } : { status: "OPEN" };
  const kept = billTo === undefined ? {} : { billTo: toStoredBillTo(billTo) };
  const row = await tables(tx).invoice.create({ data: { ...invoice, totalMinor, ...state, ...kept } });
  await tables(tx).invoiceLine.create({ data: { ...line, organizationId, currency, invoiceId } });
  return toInvoice(row);
}

/** Nothing of it is collected any more. */
function ended(status: "PAID" | "VOID" | "UNCOLLECTIBLE", at: Date) {
  return { status, retryAt: null, dunningEndsAt: null, version: { increment: 1 }, updatedAt: at };
}

/** @param id of an OPEN invoice that the transaction has locked */
export async function markInvoicePaid(tx: BillingTransaction, id: InvoiceId, at: Date): Promise<Invoice> {
  const row = await tables(tx).invoice.update({
    where: { id, status: "OPEN" },
    data: { ...ended("PAID", at), paidAt: at },
  });
  return toInvoice(row);
}

/** @param id of an OPEN invoice that the transaction has locked, without a payment that is under way */
export async function markInvoiceVoid(tx: BillingTransaction, id: InvoiceId, at: Date): Promise<Invoice> {
  const row = await tables(tx).invoice.update({
    where: { id, status: "OPEN" },
    data: ended("VOID", at),
  });
  return toInvoice(row);
}

/** @param id of an invoice that the transaction has locked: OPEN, or PAID and the bank took the money back */
export async function markInvoiceUncollectible(
  tx: BillingTransaction,
  id: InvoiceId,
  { from, at }: { readonly from: "OPEN" | "PAID"; readonly at: Date },
): Promise<Invoice> {
  const row = await tables(tx).invoice.update({
    where: { id, status: from },
    data: { ...ended("UNCOLLECTIBLE", at), paidAt: null },
  });
  return toInvoice(row);
}

export interface Dunning {
  readonly retryAt: Date | null;
  readonly dunningEndsAt: Date;
}

/** @param id of an OPEN invoice that the transaction has locked */
export async function setDunning(tx: BillingTransaction, id: InvoiceId, dunning: Dunning, at: Date): Promise<Invoice> {
  const row = await tables(tx).invoice.update({
    where: { id, status: "OPEN" },
    data: { ...dunning, version: { increment: 1 }, updatedAt: at },
  });
  return toInvoice(row);
}

/** Open invoices of a locked account that were tried in vain. */
export async function findOverdueInvoices(tx: BillingTransaction, accountId: AccountId): Promise<Invoice[]> {
  const where = { accountId, status: "OPEN", dunningEndsAt: { not: null } };
  const rows = await tables(tx).invoice.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toInvoice);
}

const overdueRows = z.array(z.object({ id: InvoiceId.schema, organizationId: OrganizationId.schema }));

/**
 * Invoices that are to be tried again, or given up, unless a payment that is under way decides first. Accounts on a
 * test clock have a worker of their own. For the relay role, which sees overdue invoices of all organisations.
 * @param except ids of those that are not asked for
 */
export async function findDueInvoices(
  tx: BillingTransaction,
  now: Date,
  { except, limit }: { readonly except: readonly string[]; readonly limit: number },
): Promise<Pick<Invoice, "id" | "organizationId">[]> {
  const rows = await tables(tx).$queryRaw`
    SELECT id, organization_id AS "organizationId" FROM invoice
    WHERE dunning_ends_at IS NOT NULL AND coalesce(retry_at, dunning_ends_at) <= ${now}
      AND id <> ALL (${[...except]}::text[])
      AND NOT EXISTS (SELECT FROM payment WHERE invoice_id = invoice.id AND payment.status = 'PROCESSING')
      AND NOT EXISTS (SELECT FROM billing_account WHERE billing_account.id = account_id AND test_time IS NOT NULL)
    ORDER BY coalesce(retry_at, dunning_ends_at) LIMIT ${limit}`;
  return overdueRows.parse(rows);
}

/**
 * Counts what credit notes take back of an invoice, or no longer do.
 * @param byMinor at most what is left of the total: the database refuses more
 */
export async function changeCredited(tx: BillingTransaction, id: InvoiceId, byMinor: bigint, at: Date): Promise<void> {
  await tables(tx).invoice.update({
    where: { id },
    data: { creditedMinor: { increment: byMinor }, version: { increment: 1 }, updatedAt: at },
  });
}

/**
 * The line that pays for the moment: of a paid invoice of the subscription, and not credited.
 * @returns undefined when nothing is paid for then
 */
export async function findPaidLine(
  tx: BillingTransaction,
  subscriptionId: SubscriptionId,
  at: Date,
): Promise<PaidLine | undefined> {
  const { columns, parse } = invoiceLineRows;
  const rows = parse(
    await tables(tx).$queryRaw`
      SELECT ${columns} FROM invoice_line AS line
      WHERE period_start <= ${at} AND period_end > ${at}
        AND invoice_id IN (SELECT id FROM invoice WHERE subscription_id = ${subscriptionId} AND status = 'PAID')
        AND NOT EXISTS (SELECT FROM credit_note WHERE invoice_line_id = line.id AND credit_note.status = 'ISSUED')
      ORDER BY id DESC LIMIT 1`,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const line = toLine(row);
  const invoice = requireRow((await findInvoices(tx, [line.invoiceId])).at(0));
  return { ...line, creditableMinor: creditableOf(invoice) };
}

/** Whether something of a subscription is to be paid, or being paid. */
export async function hasOpenInvoice(tx: BillingTransaction, subscriptionId: SubscriptionId): Promise<boolean> {
  return (await tables(tx).invoice.count({ where: { subscriptionId, status: "OPEN" } })) > 0;
}

/** Of a subscription, oldest first. */
export async function findInvoicesOf(tx: BillingTransaction, subscriptionId: SubscriptionId): Promise<Invoice[]> {
  const rows = await tables(tx).invoice.findMany({ where: { subscriptionId }, orderBy: { id: "asc" } });
  return rows.map(toInvoice);
}
