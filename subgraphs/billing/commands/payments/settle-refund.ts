/**
 * Records what became of a refund. One that failed leaves everything as it was before it: the credit note is void, or
 * the account has its credit again. Repeating it changes nothing.
 */
import { type CommandScope, runCommand } from "../../../../platform/database/command.ts";
import type { Causation } from "../../../../platform/events/envelope.ts";
import { revokeCreditNote } from "../../credit/revoke-credit-note.ts";
import type { AccountId, ProviderEventId } from "../../domain/ids.ts";
import type { PaymentOutcome } from "../../domain/payment.ts";
import type { Refund } from "../../domain/refund.ts";
import { refundSettled } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { changeCredit, lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { findInvoices } from "../../store/invoices.ts";
import { changeRefunded, findPayments } from "../../store/payments.ts";
import { findRefunds, recordRefundOutcome } from "../../store/refunds.ts";
import { requireRow } from "../../store/require-row.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";

export interface RefundSettledBy {
  readonly causation: Causation;
  /** What the provider told of its own accord. */
  readonly providerEventId?: ProviderEventId | undefined;
}

/** @returns false when that was known */
export async function settleRefund(
  services: BillingServices,
  { id, organizationId, paymentId }: Refund,
  outcome: PaymentOutcome,
  { causation, providerEventId }: RefundSettledBy,
): Promise<boolean> {
  const { result } = await runCommand(services, { tenants: [organizationId], causation }, async (scope) => {
    const { tx, emit } = scope;
    const payment = requireRow((await findPayments(tx, [paymentId])).at(0));
    const invoice = requireRow((await findInvoices(tx, [payment.invoiceId])).at(0));
    const at = inTimeOf(services, await lockAccount(tx, invoice.accountId)).clock.now();
    const former = requireRow((await findRefunds(tx, [id])).at(0));
    const refund = await recordRefundOutcome(tx, id, outcome, at);
    if (refund === undefined) return false;
    if (refund.status === "FAILED") await undo(scope, refund, invoice.accountId, at);
    const news = { fromStatus: former.status, providerEventId: providerEventId ?? null };
    emit(refundSettled(refund, invoice, news));
    return true;
  });
  return result;
}

async function undo(
  scope: CommandScope<BillingTransaction>,
  { paymentId, creditNoteId, amountMinor }: Refund,
  accountId: AccountId,
  at: Date,
): Promise<void> {
  await changeRefunded(scope.tx, paymentId, -amountMinor, at);
  if (creditNoteId === null) await changeCredit(scope.tx, accountId, amountMinor, at);
  else await revokeCreditNote(scope, creditNoteId, at);
}
