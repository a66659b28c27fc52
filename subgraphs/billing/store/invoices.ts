/** Statements on invoices, their lines and numbers. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { InvoiceModel } from "../../../prisma/billing/generated/models/Invoice.ts";
import type { InvoiceLineModel } from "../../../prisma/billing/generated/models/InvoiceLine.ts";
import { invoiceRows } from "../../../prisma/billing/generated/raw-rows.ts";
import { InvoiceStatus } from "../../../schema/generated/billing.ts";
import { AccountId, InvoiceId, InvoiceLineId, SubscriptionId } from "../domain/ids.ts";
import type { Invoice, InvoiceLine } from "../domain/invoice.ts";
import type { BillingTransaction } from "./database.ts";
import { requireRow } from "./require-row.ts";
import { tables } from "./tables.ts";

function toInvoice(row: InvoiceModel): Invoice {
  const { number, currency, subtotalMinor, taxMinor, totalMinor, issuedAt, dueAt, paidAt, version } = row;
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
    issuedAt,
    dueAt,
    paidAt,
    version,
  };
}

function toLine(row: InvoiceLineModel): InvoiceLine {
  const { description, quantity, currency, unitAmountMinor, amountMinor, periodStart, periodEnd } = row;
  return {
    id: InvoiceLineId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    invoiceId: InvoiceId.require(row.invoiceId),
    description,
    quantity,
    currency,
    unitAmountMinor,
    amountMinor,
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

/** What open invoices sum up to, by account; an account without any is missing. */
export async function sumOpenInvoices(
  tx: BillingTransaction,
  accountIds: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, bigint>> {
  const groups = await tables(tx).invoice.groupBy({
    by: ["accountId"],
    where: { accountId: { in: [...accountIds] }, status: "OPEN" },
    _sum: { totalMinor: true },
  });
  return new Map(groups.map((group) => [AccountId.require(group.accountId), group._sum.totalMinor ?? 0n]));
}

const counterRows = z.array(z.object({ last_number: z.int() })).length(1);

/** Takes the organisation's next number of the year, e.g. `2026-000001`; its counter stays locked until the commit. */
export async function takeInvoiceNumber(
  tx: BillingTransaction,
  organizationId: OrganizationId,
  year: number,
): Promise<string> {
  const rows = await tables(tx).$queryRaw`
    INSERT INTO invoice_counter AS counter (organization_id, year, last_number) VALUES (${organizationId}, ${year}, 1)
    ON CONFLICT (organization_id, year) DO UPDATE SET last_number = counter.last_number + 1
    RETURNING last_number`;
  const [row] = counterRows.parse(rows);
  return `${year}-${String(row?.last_number).padStart(6, "0")}`;
}

export interface NewInvoiceLine extends Pick<InvoiceLine, "id" | "description" | "quantity" | "unitAmountMinor"> {
  readonly periodStart: Date;
  readonly periodEnd: Date;
}

export interface NewInvoice
  extends Pick<
    Invoice,
    "id" | "organizationId" | "accountId" | "number" | "currency" | "taxMinor" | "issuedAt" | "dueAt"
  > {
  readonly subscriptionId: SubscriptionId;
  readonly lines: readonly NewInvoiceLine[];
}

/** Inserts an OPEN invoice with its lines; the totals follow from the lines. */
export async function insertInvoice(tx: BillingTransaction, { lines, ...invoice }: NewInvoice): Promise<Invoice> {
  const { organizationId, currency, id: invoiceId } = invoice;
  const priced = lines.map((line) => ({ ...line, amountMinor: line.quantity * line.unitAmountMinor }));
  const subtotalMinor = priced.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const row = await tables(tx).invoice.create({
    data: { ...invoice, status: "OPEN", subtotalMinor, totalMinor: subtotalMinor + invoice.taxMinor },
  });
  const data = priced.map((line) => ({ ...line, organizationId, currency, invoiceId }));
  await tables(tx).invoiceLine.createMany({ data });
  return toInvoice(row);
}

/** @param id of an OPEN invoice that the transaction has locked */
export async function markInvoicePaid(tx: BillingTransaction, id: InvoiceId, at: Date): Promise<Invoice> {
  const row = await tables(tx).invoice.update({
    where: { id, status: "OPEN" },
    data: { status: "PAID", paidAt: at, version: { increment: 1 }, updatedAt: at },
  });
  return toInvoice(row);
}

/** @param id of an OPEN invoice that the transaction has locked, without a payment that is under way */
export async function markInvoiceVoid(tx: BillingTransaction, id: InvoiceId, at: Date): Promise<Invoice> {
  const row = await tables(tx).invoice.update({
    where: { id, status: "OPEN" },
    data: { status: "VOID", version: { increment: 1 }, updatedAt: at },
  });
  return toInvoice(row);
}

/** Of a subscription, oldest first. */
export async function findInvoicesOf(tx: BillingTransaction, subscriptionId: SubscriptionId): Promise<Invoice[]> {
  const rows = await tables(tx).invoice.findMany({ where: { subscriptionId }, orderBy: { id: "asc" } });
  return rows.map(toInvoice);
}
