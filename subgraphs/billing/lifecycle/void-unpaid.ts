/** Declares the open invoices of a subscription invalid, unless a payment of one is under way: that decides first. */
import type { CommandScope } from "../../../platform/database/command.ts";
import { voidInvoice } from "../collection/void-invoice.ts";
import type { SubscriptionId } from "../domain/ids.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findInvoicesOf, lockInvoice } from "../store/invoices.ts";
import { isPaymentProcessing } from "../store/payments.ts";

/**
 * @param id of a subscription whose account is locked by the transaction
 * @returns false when a payment is under way: the caller undoes or leaves what it did
 */
export async function voidUnpaid(
  scope: CommandScope<BillingTransaction>,
  id: SubscriptionId,
  at: Date,
): Promise<boolean> {
  for (const { id: invoiceId } of await findInvoicesOf(scope.tx, id)) {
    const invoice = await lockInvoice(scope.tx, invoiceId);
    if (await isPaymentProcessing(scope.tx, invoiceId)) return false;
    if (invoice.status === "OPEN") await voidInvoice(scope, invoice, at);
  }
  return true;
}
