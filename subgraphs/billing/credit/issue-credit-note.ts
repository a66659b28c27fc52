/** Takes back a part of what an invoice charged. The database refuses more than the invoice charged. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { CreditNote } from "../domain/credit-note.ts";
import { creditNoteIssued } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import { insertCreditNote, type NewCreditNote } from "../store/credit-notes.ts";
import type { BillingTransaction } from "../store/database.ts";
import { changeCredited, takeNumber } from "../store/invoices.ts";

/** What it is worth is not given to anybody yet: callers raise the account's credit, or refund it. */
export async function issueCreditNote(
  { ids, clock }: Pick<BillingServices, "ids" | "clock">,
  { tx, emit }: CommandScope<BillingTransaction>,
  note: Omit<NewCreditNote, "id" | "number" | "issuedAt">,
): Promise<CreditNote> {
  const issuedAt = clock.now();
  await changeCredited(tx, note.invoiceId, note.totalMinor, issuedAt);
  const number = await takeNumber(tx, note.organizationId, "CREDIT_NOTE", issuedAt.getUTCFullYear());
  const creditNote = await insertCreditNote(tx, { ...note, id: ids.next("cn"), number, issuedAt });
  emit(creditNoteIssued(creditNote));
  return creditNote;
}
