/** Declares an open invoice invalid: nothing is owed, and the credit that it took is given back. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { Invoice } from "../domain/invoice.ts";
import { invoiceVoided } from "../domain-events.ts";
import { changeCredit } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { markInvoiceVoid } from "../store/invoices.ts";

/**
 * @param invoice OPEN and locked behind its account, without a payment that is under way
 * @param reason of the operator who decided it
 */
export async function voidInvoice(
  { tx, emit }: CommandScope<BillingTransaction>,
  { id, accountId, creditMinor }: Invoice,
  at: Date,
  reason?: string,
): Promise<Invoice> {
  const voided = await markInvoiceVoid(tx, id, at);
  await changeCredit(tx, accountId, creditMinor, at);
  emit(invoiceVoided(voided, reason));
  return voided;
}
