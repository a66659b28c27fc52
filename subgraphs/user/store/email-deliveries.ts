/** Statements on mails: one row per event that calls for one. The id of a mail is made of that event's. */
import type { TenantId } from "../../../platform/auth/principal-ids.ts";
import { EmailId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface EmailRequest {
  /** Of the event that calls for it. */
  readonly eventId: string;
  readonly tenantId: TenantId;
  readonly template: string;
  readonly regardingId: string;
}

/** `SENT` and `CANCELLED` are final. */
export type EmailState = "REQUESTED" | "SENDING" | "SENT" | "FAILED" | "CANCELLED";

export function emailIdOf(eventId: string): EmailId {
  return EmailId.require(`${EmailId.prefix}_${eventId.toLowerCase()}`);
}

const eventIdOf = (id: EmailId): string => id.slice(EmailId.prefix.length + 1);

/** False when this event called for its mail before. */
export async function insertEmail(tx: UserTransaction, request: EmailRequest, now: Date): Promise<boolean> {
  const state: EmailState = "REQUESTED";
  const { emailDelivery } = tables(tx);
  const { count } = await emailDelivery.createMany({
    data: [{ ...request, state, createdAt: now }],
    skipDuplicates: true,
  });
  if (count === 1) return true;
  // Begun, and not finished, by a release that sent mails without requesting them.
  const { eventId, regardingId } = request;
  const unfinished: EmailState[] = ["SENDING", "FAILED"];
  const taken = await emailDelivery.updateMany({
    where: { eventId, regardingId: null, state: { in: unfinished } },
    data: { regardingId, state },
  });
  return taken.count === 1;
}

/**
 * Counts an attempt, unless the mail is sent or cancelled.
 * @returns how many attempts there were with this one; `undefined` when there is nothing more to send
 * @throws Error when there is no such mail
 */
export async function beginAttempt(tx: UserTransaction, id: EmailId): Promise<number | undefined> {
  const eventId = eventIdOf(id);
  const final: EmailState[] = ["SENT", "CANCELLED"];
  const state: EmailState = "SENDING";
  const { emailDelivery } = tables(tx);
  const [row] = await emailDelivery.updateManyAndReturn({
    where: { eventId, state: { notIn: final } },
    data: { state, attempts: { increment: 1 } },
    select: { attempts: true },
  });
  if (row === undefined && (await emailDelivery.count({ where: { eventId } })) === 0) {
    throw new Error(`the mail ${id} has no row`);
  }
  return row?.attempts;
}

export async function setRecipient(tx: UserTransaction, id: EmailId, recipient: string): Promise<void> {
  await tables(tx).emailDelivery.update({ where: { eventId: eventIdOf(id) }, data: { recipient } });
}

export async function markSent(tx: UserTransaction, id: EmailId, now: Date): Promise<void> {
  const data = { state: "SENT" satisfies EmailState, sentAt: now, lastError: null };
  await tables(tx).emailDelivery.update({ where: { eventId: eventIdOf(id) }, data });
}

export async function markFailed(tx: UserTransaction, id: EmailId, error: string): Promise<void> {
  const data = { state: "FAILED" satisfies EmailState, lastError: error.slice(0, 500) };
  await tables(tx).emailDelivery.update({ where: { eventId: eventIdOf(id) }, data });
}

export async function markCancelled(tx: UserTransaction, id: EmailId): Promise<void> {
  await tables(tx).emailDelivery.update({
    where: { eventId: eventIdOf(id) },
    data: { state: "CANCELLED" satisfies EmailState },
  });
}
