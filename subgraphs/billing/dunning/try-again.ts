/** An account has another card: what could not be collected is tried with it at once. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { AccountId } from "../domain/ids.ts";
import { invoiceOverdue } from "../domain-events.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findOverdueInvoices, setDunning } from "../store/invoices.ts";
import { isPaymentProcessing } from "../store/payments.ts";

/** @param accountId of an account that the transaction has locked */
export async function tryAgain(
  { tx, emit }: CommandScope<BillingTransaction>,
  accountId: AccountId,
  at: Date,
): Promise<void> {
  for (const { id, dunningEndsAt } of await findOverdueInvoices(tx, accountId)) {
    if (dunningEndsAt === null || at >= dunningEndsAt || (await isPaymentProcessing(tx, id))) continue;
    const dunning = { retryAt: at, dunningEndsAt };
    emit(invoiceOverdue(await setDunning(tx, id, dunning, at), { ...dunning, failureCode: null }));
  }
}
