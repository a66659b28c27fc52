/** A plan that was past due, or waited for its first payment, is active once nothing of it is to be paid. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { SubscriptionId } from "../domain/ids.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import { subscriptionActivated } from "../domain-events.ts";
import type { BillingTransaction } from "../store/database.ts";
import { hasOpenInvoice } from "../store/invoices.ts";
import { requireRow } from "../store/require-row.ts";
import { activateSubscription, findSubscriptions } from "../store/subscriptions.ts";

/**
 * @param id of a subscription whose account is locked by the transaction
 * @returns undefined when the subscription is as it was
 */
export async function reactivate(
  { tx, emit }: CommandScope<BillingTransaction>,
  id: SubscriptionId,
  at: Date,
): Promise<BillingSubscription | undefined> {
  const { status } = requireRow((await findSubscriptions(tx, [id])).at(0));
  if (status !== "INCOMPLETE" && status !== "PAST_DUE") return undefined;
  if (status === "PAST_DUE" && (await hasOpenInvoice(tx, id))) return undefined;
  const subscription = await activateSubscription(tx, id, { from: status, at });
  if (subscription !== undefined) emit(subscriptionActivated(subscription, status));
  return subscription;
}
