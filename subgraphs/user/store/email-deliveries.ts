/** Statements on mails: one row per event that calls for one. The id of a mail is made of that event's. */
import type { TenantId } from "../../../platform/auth/principal-ids.ts";
import { keysetWalk, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { EmailDeliveryModel } from "../../../prisma/user/generated/models/EmailDelivery.ts";
import { EmailStatus } from "../../../schema/generated/user.ts";
import type { EmailDelivery } from "../domain/email-delivery.ts";
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

function toEmailDelivery(row: EmailDeliveryModel): EmailDelivery {
  const { eventId, template, recipient, attempts, lastError, createdAt, sentAt } = row;
  const status = storedEnum(EmailStatus, row.state);
  return { eventId, template, recipient, status, attempts, lastError, requestedAt: createdAt, sentAt };
}

export function emailIdOf(eventId: string): EmailId {
  return EmailId.require(`${EmailId.prefix}_${eventId.toLowerCase()}`);
}

const eventIdOf = (id: EmailId): string => id.slice(EmailId.prefix.length + 1);

/** False when this event called for its mail before. */
export async function insertEmail(tx: UserTransaction, request: EmailRequest, now: Date): Promise<boolean> {
  const state: EmailStatus = "REQUESTED";
  const { emailDelivery } = tables(tx);
  const { count } = await emailDelivery.createMany({
    data: [{ ...request, state, createdAt: now }],
    skipDuplicates: true,
  });
  if (count === 1) return true;
  // Begun, and not finished, by a release that sent mails without requesting them.
  const { eventId, regardingId } = request;
  const unfinished: EmailStatus[] = ["SENDING", "FAILED"];
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
  const final: EmailStatus[] = ["SENT", "CANCELLED"];
  const state: EmailStatus = "SENDING";
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
  const data = { state: "SENT" satisfies EmailStatus, sentAt: now, lastError: null };
  await tables(tx).emailDelivery.update({ where: { eventId: eventIdOf(id) }, data });
}

export async function markFailed(tx: UserTransaction, id: EmailId, error: string): Promise<void> {
  const data = { state: "FAILED" satisfies EmailStatus, lastError: error.slice(0, 500) };
  await tables(tx).emailDelivery.update({ where: { eventId: eventIdOf(id) }, data });
}

export async function markCancelled(tx: UserTransaction, id: EmailId): Promise<void> {
  await tables(tx).emailDelivery.update({
    where: { eventId: eventIdOf(id) },
    data: { state: "CANCELLED" satisfies EmailStatus },
  });
}

/** Mails that a tenant's events called for, oldest first. */
export async function findEmails(tx: UserTransaction, tenantId: TenantId): Promise<EmailDelivery[]> {
  const rows = await tables(tx).emailDelivery.findMany({ where: { tenantId }, orderBy: { eventId: "asc" } });
  return rows.map(toEmailDelivery);
}

/** Newest first. */
export async function pageEmails(tx: UserTransaction, tenantId: TenantId, page: Page): Promise<RowPage<EmailDelivery>> {
  const { order, take, beyond } = keysetWalk(page, "descending");
  const { emailDelivery } = tables(tx);
  const where = { tenantId, ...(page.key === undefined ? {} : { eventId: beyond(page.key) }) };
  const rows = await emailDelivery.findMany({ where, orderBy: { eventId: order }, take });
  return {
    rows: rows.map(toEmailDelivery),
    totalCount: page.counted ? await emailDelivery.count({ where: { tenantId } }) : null,
  };
}

/** How many mails of a tenant are in each state, of those that were called for since. */
export async function countEmails(
  tx: UserTransaction,
  tenantId: TenantId,
  since: Date,
): Promise<ReadonlyMap<EmailStatus, number>> {
  const rows = await tables(tx).emailDelivery.groupBy({
    by: ["state"],
    where: { tenantId, createdAt: { gte: since } },
    _count: true,
  });
  return new Map(rows.map(({ state, _count }) => [storedEnum(EmailStatus, state), _count]));
}
