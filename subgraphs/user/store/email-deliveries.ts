/** Statements about mails: one row per event that calls for one. */
import type { UserTransaction } from "../../../prisma/user/client.ts";

export interface EmailDelivery {
  readonly eventId: string;
  readonly tenantId: string;
  readonly template: string;
  readonly recipient: string;
}

/** Counts an attempt. */
export async function beginDelivery(tx: UserTransaction, delivery: EmailDelivery, now: Date): Promise<void> {
  await tx.emailDelivery.upsert({
    where: { eventId: delivery.eventId },
    create: { ...delivery, state: "SENDING", attempts: 1, createdAt: now },
    update: { state: "SENDING", attempts: { increment: 1 } },
  });
}

export async function markSent(tx: UserTransaction, eventId: string, now: Date): Promise<void> {
  await tx.emailDelivery.update({ where: { eventId }, data: { state: "SENT", sentAt: now, lastError: null } });
}

export async function markFailed(tx: UserTransaction, eventId: string, error: string): Promise<void> {
  await tx.emailDelivery.update({ where: { eventId }, data: { state: "FAILED", lastError: error.slice(0, 500) } });
}
