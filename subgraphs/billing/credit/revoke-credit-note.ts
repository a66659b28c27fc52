/** Declares a credit note invalid: what it took back of its invoice is charged again. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { CreditNote } from "../domain/credit-note.ts";
import type { CreditNoteId } from "../domain/ids.ts";
import { creditNoteVoided } from "../domain-events.ts";
import { voidCreditNote } from "../store/credit-notes.ts";
import type { BillingTransaction } from "../store/database.ts";
import { changeCredited } from "../store/invoices.ts";

/** @returns undefined when it was void before; else callers take back what it was worth */
export async function revokeCreditNote(
  { tx, emit }: CommandScope<BillingTransaction>,
  id: CreditNoteId,
  at: Date,
): Promise<CreditNote | undefined> {
  const creditNote = await voidCreditNote(tx, id, at);
  if (creditNote === undefined) return undefined;
  await changeCredited(tx, creditNote.invoiceId, -creditNote.totalMinor, at);
  emit(creditNoteVoided(creditNote));
  return creditNote;
}
