/**
 * Opens the billing account of a new organisation. One per organisation, however often and by whatever event it is
 * asked for. Runs inside the consumer's transaction.
 */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { causedBy, type EventEnvelope } from "../../../platform/events/envelope.ts";
import { accountOpened } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import { insertAccount } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";

export async function openAccount(
  { outbox, ids, currency }: Pick<BillingServices, "outbox" | "ids" | "currency">,
  tx: BillingTransaction,
  organizationId: OrganizationId,
  cause: EventEnvelope,
): Promise<void> {
  const account = { id: ids.next("acc"), organizationId, currency };
  if (!(await insertAccount(tx, account))) return;
  await outbox.append(tx, [accountOpened(account)], causedBy(cause));
}
