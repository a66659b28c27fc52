/** Opens the billing account of a new organisation. One per organisation, however often and by whatever event it is asked for. */

import { causedBy, type EventEnvelope } from "../../../platform/events/envelope.ts";
import type { Outbox } from "../../../platform/events/outbox.ts";
import type { IdSource } from "../../../platform/ids.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";
import { accountOpened } from "../domain-events.ts";
import { insertAccount } from "../store/accounts.ts";

export interface OpenAccountDeps {
  readonly outbox: Outbox;
  readonly ids: IdSource;
  /** Of new accounts. */
  readonly currency: string;
}

/** Runs inside the consumer's transaction. */
export async function openAccount(
  { outbox, ids, currency }: OpenAccountDeps,
  tx: BillingTransaction,
  organizationId: string,
  cause: EventEnvelope,
): Promise<void> {
  const account = { id: ids.next("acc"), organizationId, currency };
  if (!(await insertAccount(tx, account))) return;
  await outbox.append(tx, [accountOpened(account)], causedBy(cause));
}
