/** Statements on invoices, their lines and numbers. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";
import { invoiceRows } from "../../../prisma/billing/generated/raw-rows.ts";
import type { InvoiceStatus } from "../../../schema/generated/billing.ts";
import { present } from "../present.ts";
import { keysetById } from "./keyset.ts";

const storedParts = z.object({ status: z.enum(["DRAFT", "OPEN", "PAID", "VOID", "UNCOLLECTIBLE"]) });

type Row = Awaited<ReturnType<BillingTransaction["invoice"]["findFirstOrThrow"]>>;

function toRecord(row: Row) {
  return { ...row, ...storedParts.parse(row) };
}

export type InvoiceRecord = ReturnType<typeof toRecord>;
export type InvoiceLineRecord = Awaited<ReturnType<BillingTransaction["invoiceLine"]["findFirstOrThrow"]>>;

export async function findInvoices(tx: BillingTransaction, ids: readonly string[]): Promise<InvoiceRecord[]> {
  const rows = await tx.invoice.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toRecord);
}

/** Locks the invoice until the commit: what is decided about its payment is decided by one transaction at a time. */
export async function lockInvoice(tx: BillingTransaction, id: string): Promise<InvoiceRecord> {
  const { columns, parse } = invoiceRows;
  const [row] = parse(await tx.$queryRaw`SELECT ${columns} FROM invoice WHERE id = ${id} FOR UPDATE`);
  return toRecord(present(row));
}

export function findLinesOf(tx: BillingTransaction, invoiceIds: readonly string[]): Promise<InvoiceLineRecord[]> {
  return tx.invoiceLine.findMany({ where: { invoiceId: { in: [...invoiceIds] } }, orderBy: { id: "asc" } });
}

export interface InvoiceQuery {
  readonly accountId: string;
  readonly status?: InvoiceStatus;
}

/** Newest first. One row more than asked tells that there are more. */
export async function pageInvoices(tx: BillingTransaction, query: InvoiceQuery, page: Page): Promise<InvoiceRecord[]> {
  const { where, orderBy, take } = keysetById(page);
  const rows = await tx.invoice.findMany({ where: { ...query, ...where }, orderBy, take });
  return rows.map(toRecord);
}

export function countInvoices(tx: BillingTransaction, query: InvoiceQuery): Promise<number> {
  return tx.invoice.count({ where: query });
}

/** What open invoices sum up to, by account; an account without any is missing. */
export async function sumOpenInvoices(
  tx: BillingTransaction,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const groups = await tx.invoice.groupBy({
    by: ["accountId"],
    where: { accountId: { in: [...accountIds] }, status: "OPEN" },
    _sum: { totalMinor: true },
  });
  return new Map(groups.map((group) => [group.accountId, group._sum.totalMinor ?? 0n]));
}

const counterRows = z.array(z.object({ last_number: z.int() })).length(1);

/** Takes the organisation's next number of the year, e.g. `2026-000001`; its counter stays locked until the commit. */
export async function takeInvoiceNumber(tx: BillingTransaction, organizationId: string, year: number): Promise<string> {
  const rows = await tx.$queryRaw`
    INSERT INTO invoice_counter AS counter (organization_id, year, last_number) VALUES (${organizationId}, ${year}, 1)
    ON CONFLICT (organization_id, year) DO UPDATE SET last_number = counter.last_number + 1
    RETURNING last_number`;
  const [row] = counterRows.parse(rows);
  return `${year}-${String(row?.last_number).padStart(6, "0")}`;
}

export interface NewInvoiceLine {
  readonly id: string;
  readonly description: string;
  readonly quantity: bigint;
  readonly unitAmountMinor: bigint;
  readonly periodStart: Date;
  readonly periodEnd: Date;
}

export interface NewInvoice {
  readonly id: string;
  readonly organizationId: string;
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly number: string;
  readonly currency: string;
  readonly taxMinor: bigint;
  readonly issuedAt: Date;
  readonly dueAt: Date;
  readonly lines: readonly NewInvoiceLine[];
}

/** Inserts an OPEN invoice with its lines; the totals follow from the lines. */
export async function insertInvoice(tx: BillingTransaction, { lines, ...invoice }: NewInvoice): Promise<InvoiceRecord> {
  const { organizationId, currency, id: invoiceId } = invoice;
  const priced = lines.map((line) => ({ ...line, amountMinor: line.quantity * line.unitAmountMinor }));
  const subtotalMinor = priced.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const row = await tx.invoice.create({
    data: { ...invoice, status: "OPEN", subtotalMinor, totalMinor: subtotalMinor + invoice.taxMinor },
  });
  await tx.invoiceLine.createMany({ data: priced.map((line) => ({ ...line, organizationId, currency, invoiceId })) });
  return toRecord(row);
}

/** @param id of an OPEN invoice that the transaction has locked */
export async function markInvoicePaid(tx: BillingTransaction, id: string, at: Date): Promise<InvoiceRecord> {
  const row = await tx.invoice.update({
    where: { id, status: "OPEN" },
    data: { status: "PAID", paidAt: at, version: { increment: 1 }, updatedAt: at },
  });
  return toRecord(row);
}
