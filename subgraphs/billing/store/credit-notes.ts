/** Statements on credit notes. Callers bring a transaction that is bound to its tenants. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { CreditNoteModel } from "../../../prisma/billing/generated/models/CreditNote.ts";
import { CreditNoteReason, CreditNoteStatus } from "../../../schema/generated/billing.ts";
import type { CreditNote } from "../domain/credit-note.ts";
import { AccountId, CreditNoteId, InvoiceId, InvoiceLineId } from "../domain/ids.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toCreditNote(row: CreditNoteModel): CreditNote {
  const { number, currency, totalMinor, periodStart, periodEnd, issuedAt, version } = row;
  return {
    id: CreditNoteId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    accountId: AccountId.require(row.accountId),
    invoiceId: InvoiceId.require(row.invoiceId),
    invoiceLineId: row.invoiceLineId === null ? null : InvoiceLineId.require(row.invoiceLineId),
    number,
    status: storedEnum(CreditNoteStatus, row.status),
    reason: storedEnum(CreditNoteReason, row.reason),
    currency,
    totalMinor,
    periodStart,
    periodEnd,
    issuedAt,
    version,
  };
}

export async function findCreditNotes(tx: BillingTransaction, ids: readonly CreditNoteId[]): Promise<CreditNote[]> {
  const rows = await tables(tx).creditNote.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toCreditNote);
}

/** Oldest first. */
export async function findCreditNotesOf(
  tx: BillingTransaction,
  invoiceIds: readonly InvoiceId[],
): Promise<CreditNote[]> {
  const where = { invoiceId: { in: [...invoiceIds] } };
  const rows = await tables(tx).creditNote.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toCreditNote);
}

export type NewCreditNote = Omit<CreditNote, "status" | "version">;

/** The database refuses a second one of a line. */
export async function insertCreditNote(tx: BillingTransaction, creditNote: NewCreditNote): Promise<CreditNote> {
  return toCreditNote(await tables(tx).creditNote.create({ data: { ...creditNote, status: "ISSUED" } }));
}

/** @returns undefined when it was void before */
export async function voidCreditNote(
  tx: BillingTransaction,
  id: CreditNoteId,
  at: Date,
): Promise<CreditNote | undefined> {
  const [row] = await tables(tx).creditNote.updateManyAndReturn({
    where: { id, status: "ISSUED" },
    data: { status: "VOID", version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? undefined : toCreditNote(row);
}
