/**
 * What becomes of a change of plan when its payment is settled. Paid, the subscription is for the new choice. Declined,
 * everything is as it was: the invoice and the credit note are void.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import { voidInvoice } from "../collection/void-invoice.ts";
import { revokeCreditNote } from "../credit/revoke-credit-note.ts";
import type { InvoiceId } from "../domain/ids.ts";
import type { Invoice } from "../domain/invoice.ts";
import type { BillingSubscription, SubscriptionChange } from "../domain/subscription.ts";
import { subscriptionActivated, subscriptionChanged } from "../domain-events.ts";
import { changeCredit } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { requireRow } from "../store/require-row.ts";
import { endChange } from "../store/subscription-changes.ts";
import { activateSubscription, changeTerms } from "../store/subscriptions.ts";

/** What a subscription is for from now on. Null in a trial: nothing is charged. */
export interface NewChoice
  extends Pick<
    SubscriptionChange,
    "planId" | "quantity" | "periodStart" | "periodEnd" | "anchoredAt" | "creditNoteId"
  > {
  readonly invoiceId: InvoiceId | null;
}

/** @param subscription whose account is locked by the transaction; one that is paused goes on */
export async function applyChange(
  { tx, emit }: CommandScope<BillingTransaction>,
  subscription: BillingSubscription,
  change: NewChoice,
  at: Date,
): Promise<BillingSubscription> {
  const { planId, quantity, periodStart, periodEnd, anchoredAt, invoiceId, creditNoteId } = change;
  const isNewPeriod = anchoredAt.getTime() !== subscription.anchoredAt.getTime();
  const period = isNewPeriod ? { currentPeriodStart: periodStart, currentPeriodEnd: periodEnd, anchoredAt } : {};
  // What was arranged for the end of the period was arranged for another plan.
  const terms = { planId, quantity, ...period, cancelAt: null, next: null };
  const changed = await changeTerms(tx, subscription.id, terms, at);
  if (subscription.status === "PAUSED") {
    const active = requireRow(await activateSubscription(tx, subscription.id, { from: "PAUSED", at }));
    emit(subscriptionActivated(active, "PAUSED"));
    return active;
  }
  const { planId: formerPlan, quantity: formerQuantity } = subscription;
  emit(
    subscriptionChanged(changed, { from: { planId: formerPlan, quantity: formerQuantity }, invoiceId, creditNoteId }),
  );
  return changed;
}

/** @param invoice OPEN, locked behind its account */
export async function revertChange(
  scope: CommandScope<BillingTransaction>,
  { id, creditNoteId }: SubscriptionChange,
  invoice: Invoice,
  at: Date,
): Promise<Invoice> {
  const { tx } = scope;
  const voided = await voidInvoice(scope, invoice, at);
  const creditNote = creditNoteId === null ? undefined : await revokeCreditNote(scope, creditNoteId, at);
  if (creditNote !== undefined) await changeCredit(tx, creditNote.accountId, -creditNote.totalMinor, at);
  await endChange(tx, id, { status: "REVERTED", at });
  return voided;
}
