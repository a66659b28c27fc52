/** Credits what is left of what a line charged for its period. The database refuses a second credit of a line. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { CreditNoteReason } from "../../../schema/generated/billing.ts";
import { restOfLine } from "../domain/change-quote.ts";
import type { CreditNote } from "../domain/credit-note.ts";
import type { AccountId } from "../domain/ids.ts";
import type { InvoiceLine } from "../domain/invoice.ts";
import { creditNoteIssued } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import { changeCredit } from "../store/accounts.ts";
import { insertCreditNote } from "../store/credit-notes.ts";
import type { BillingTransaction } from "../store/database.ts";
import { takeNumber } from "../store/invoices.ts";

export interface CreditedRest {
  /** Its account is locked by the transaction; undefined: nothing was charged. */
  readonly line: InvoiceLine | undefined;
  readonly accountId: AccountId;
  readonly reason: CreditNoteReason;
  /** From when on nothing of it is used. */
  readonly from: Date;
}

/** @returns undefined when nothing is left */
export async function creditRest(
  { ids, clock }: Pick<BillingServices, "ids" | "clock">,
  { tx, emit }: CommandScope<BillingTransaction>,
  { line, accountId, reason, from }: CreditedRest,
): Promise<CreditNote | undefined> {
  if (line?.periodEnd == null) return undefined;
  const totalMinor = restOfLine(line, from);
  if (totalMinor === 0n) return undefined;
  const issuedAt = clock.now();
  const { organizationId, invoiceId, id: invoiceLineId, currency, periodEnd } = line;
  const creditNote = await insertCreditNote(tx, {
    id: ids.next("cn"),
    organizationId,
    accountId,
    invoiceId,
    invoiceLineId,
    number: await takeNumber(tx, organizationId, "CREDIT_NOTE", issuedAt.getUTCFullYear()),
    reason,
    currency,
    totalMinor,
    periodStart: from,
    periodEnd,
    issuedAt,
  });
  await changeCredit(tx, accountId, totalMinor, issuedAt);
  emit(creditNoteIssued(creditNote));
  return creditNote;
}
