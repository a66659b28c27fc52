/** Statements on mails: one row per event that calls for one. */
import type { TenantId } from "../../../platform/auth/principal-ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface EmailDelivery {
  readonly eventId: string;
  readonly tenantId: TenantId;
  readonly template: string;
  readonly recipient: string;
}

/** Counts an attempt. */
export async function beginDelivery(tx: UserTransaction, delivery: EmailDelivery, now: Date): Promise<void> {
  await tables(tx).emailDelivery.upsert({
    where: { eventId: delivery.eventId },
    create: { ...delivery, state: "SENDING", attempts: 1, createdAt: now },
    update: { state: "SENDING", attempts: { increment: 1 } },
  });
}

export async function markSent(tx: UserTransaction, eventId: string, now: Date): Promise<void> {
  const data = { state: "SENT", sentAt: now, lastError: null };
  await tables(tx).emailDelivery.update({ where: { eventId }, data });
}

export async function markFailed(tx: UserTransaction, eventId: string, error: string): Promise<void> {
  const data = { state: "FAILED", lastError: error.slice(0, 500) };
  await tables(tx).emailDelivery.update({ where: { eventId }, data });
}
