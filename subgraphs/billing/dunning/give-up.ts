/**
 * Nothing more of an invoice is collected: it was tried for long enough, or its plan has ended. What it took of the
 * account's credit stays spent: the plan went on meanwhile.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { SubscriptionId } from "../domain/ids.ts";
import type { Invoice } from "../domain/invoice.ts";
import { invoiceUncollectible } from "../domain-events.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findInvoicesOf, lockInvoice, markInvoiceUncollectible } from "../store/invoices.ts";
import { isPaymentProcessing } from "../store/payments.ts";

/** @param invoice OPEN and locked behind its account, without a payment that is under way */
export async function giveUp({ tx, emit }: CommandScope<BillingTransaction>, { id }: Invoice, at: Date): Promise<void> {
  emit(invoiceUncollectible(await markInvoiceUncollectible(tx, id, { from: "OPEN", at }), "OPEN"));
}

/**
 * Gives up all that is open of a subscription.
 * @param id of a subscription whose account is locked by the transaction
 * @returns false when a payment is under way: that decides first
 */
export async function giveUpUnpaid(
  scope: CommandScope<BillingTransaction>,
  id: SubscriptionId,
  at: Date,
): Promise<boolean> {
  for (const { id: invoiceId } of await findInvoicesOf(scope.tx, id)) {
    const invoice = await lockInvoice(scope.tx, invoiceId);
    if (await isPaymentProcessing(scope.tx, invoiceId)) return false;
    if (invoice.status === "OPEN") await giveUp(scope, invoice, at);
  }
  return true;
}
