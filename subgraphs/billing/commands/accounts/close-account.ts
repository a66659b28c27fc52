/**
 * Ends what billing keeps for an organisation that is gone: its plans, and then its account, whose details are
 * forgotten. Invoices stay as they are, with what they say of their payer: they belong to the books, and what is owed
 * stays owed. Runs inside the consumer's transaction; repeating it changes nothing.
 */
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import type { CommandScope } from "../../../../platform/database/command.ts";
import { changedDetails, NO_DETAILS } from "../../domain/billing-details.ts";
import { accountClosed, subscriptionCanceled } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { changeAccountStatus, changeDetails, lockAccountOf } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { cancelSubscription, findRunningSubscriptions } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";

export async function closeAccount(
  services: Pick<BillingServices, "clock">,
  { tx, emit }: CommandScope<BillingTransaction>,
  organizationId: OrganizationId,
): Promise<void> {
  const account = await lockAccountOf(tx, organizationId);
  if (account === undefined) return;
  const at = inTimeOf(services, account).clock.now();
  for (const { id, status } of await findRunningSubscriptions(tx, account.id)) {
    const canceled = await cancelSubscription(tx, id, { from: status, at });
    if (canceled !== undefined) emit(subscriptionCanceled(canceled, status));
  }
  if (changedDetails(account.details, NO_DETAILS).length > 0) await changeDetails(tx, account.id, NO_DETAILS, at);
  const closed = await changeAccountStatus(tx, account.id, { from: ["PENDING", "ACTIVE"], to: "CLOSED", at });
  if (closed !== undefined) emit(accountClosed(closed));
}
