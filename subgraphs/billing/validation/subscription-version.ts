/** The subscription as its client saw it. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { SubscriptionId } from "../domain/ids.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import type { BillingTransaction } from "../store/database.ts";
import { requireRow } from "../store/require-row.ts";
import { findSubscriptions } from "../store/subscriptions.ts";

/**
 * @param id of a subscription whose account the transaction has locked
 * @throws UserFailure `VERSION_CONFLICT` when it was changed since
 */
export async function requireSubscriptionAt(
  tx: BillingTransaction,
  id: SubscriptionId,
  expectedVersion: number,
): Promise<BillingSubscription> {
  const subscription = requireRow((await findSubscriptions(tx, [id])).at(0));
  if (subscription.version !== expectedVersion) {
    throw refuse(
      "VERSION_CONFLICT",
      "The subscription was changed since you read it: read it again.",
      "expectedVersion",
    );
  }
  return subscription;
}
