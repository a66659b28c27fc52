/**
 * Statements on mails: one row per event that calls for one, and one per step of what became of it. The id of a mail is
 * made of that event's.
 */
import { z } from "zod";
import { requireTenantId, type TenantId } from "../../../platform/auth/principal-ids.ts";
import { keysetWalk, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { EmailDeliveryModel } from "../../../prisma/user/generated/models/EmailDelivery.ts";
import { EmailStatus } from "../../../schema/generated/user.ts";
import type { EmailDelivery, EmailStep, MailFacts } from "../domain/email-delivery.ts";
import { EmailId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface EmailRequest {
  /** Of the event that calls for it, or made of that where it calls for several. */
  readonly eventId: string;
  readonly tenantId: TenantId;
  readonly template: string;
  readonly regardingId: string;
  /** What the mail says beside what is looked up when it is sent; absent: nothing. */
  readonly facts?: MailFacts;
}

const MAX_DETAIL = 500;

const storedFacts = z.record(z.string(), z.json());

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
export async function insertEmail(
  tx: UserTransaction,
  { facts, ...request }: EmailRequest,
  now: Date,
): Promise<boolean> {
  const state: EmailStatus = "REQUESTED";
  const { emailDelivery } = tables(tx);
  const { count } = await emailDelivery.createMany({
    data: [{ ...request, ...(facts === undefined ? {} : { facts: storedFacts.parse(facts) }), state, createdAt: now }],
    skipDuplicates: true,
  });
  if (count === 1) {
    await addStep(tx, request.eventId, { status: state, at: now, detail: null });
    return true;
  }
  // Begun, and not finished, by a release that sent mails without requesting them.
  const { eventId, regardingId } = request;
  const unfinished: EmailStatus[] = ["SENDING", "FAILED"];
  const taken = await emailDelivery.updateMany({
    where: { eventId, regardingId: null, state: { in: unfinished } },
    data: { regardingId, state },
  });
  return taken.count === 1;
}

/** A try to send a mail. */
export interface BegunAttempt {
  /** How many there were with this one. */
  readonly attempts: number;
  /** As they were kept when the mail was called for; null: nothing was. */
  readonly facts: unknown;
}

/**
 * Counts an attempt, unless the mail is sent or cancelled.
 * @returns `undefined` when there is nothing more to send
 * @throws Error when there is no such mail
 */
export async function beginAttempt(tx: UserTransaction, id: EmailId, now: Date): Promise<BegunAttempt | undefined> {
  const eventId = eventIdOf(id);
  const final: EmailStatus[] = ["SENT", "CANCELLED", "BOUNCED"];
  const state: EmailStatus = "SENDING";
  const { emailDelivery } = tables(tx);
  const [row] = await emailDelivery.updateManyAndReturn({
    where: { eventId, state: { notIn: final } },
    data: { state, attempts: { increment: 1 } },
    select: { attempts: true, facts: true },
  });
  if (row === undefined && (await emailDelivery.count({ where: { eventId } })) === 0) {
    throw new Error(`the mail ${id} has no row`);
  }
  if (row !== undefined) await addStep(tx, eventId, { status: state, at: now, detail: null });
  return row;
}

export async function setRecipient(tx: UserTransaction, id: EmailId, recipient: string): Promise<void> {
  await tables(tx).emailDelivery.update({ where: { eventId: eventIdOf(id) }, data: { recipient } });
}

export async function markSent(tx: UserTransaction, id: EmailId, now: Date): Promise<void> {
  await setState(tx, id, { status: "SENT", at: now, detail: null }, { sentAt: now, lastError: null });
}

export async function markFailed(tx: UserTransaction, id: EmailId, reason: string, now: Date): Promise<void> {
  const detail = reason.slice(0, MAX_DETAIL);
  await setState(tx, id, { status: "FAILED", at: now, detail }, { lastError: detail });
}

export async function markCancelled(tx: UserTransaction, id: EmailId, now: Date): Promise<void> {
  await setState(tx, id, { status: "CANCELLED", at: now, detail: null }, {});
}

/** A mail that bounced, as its events name it; `attempts` it took to send it. */
export interface BouncedEmail {
  readonly template: string;
  readonly regardingId: string;
  readonly attempts: number;
}

/** @returns undefined when the mail was not sent, or is known to have bounced */
export async function markBounced(
  tx: UserTransaction,
  id: EmailId,
  reason: string,
  now: Date,
): Promise<BouncedEmail | undefined> {
  const detail = reason.slice(0, MAX_DETAIL);
  const eventId = eventIdOf(id);
  const [row] = await tables(tx).emailDelivery.updateManyAndReturn({
    where: { eventId, state: "SENT" satisfies EmailStatus },
    data: { state: "BOUNCED" satisfies EmailStatus, lastError: detail },
  });
  if (row === undefined) return undefined;
  await addStep(tx, eventId, { status: "BOUNCED", at: now, detail });
  const { template, regardingId, attempts } = row;
  return { template, regardingId: regardingId ?? row.tenantId, attempts };
}

const tenantRows = z.array(z.object({ tenant: z.string().nullable() }));

/** Whose the mail is; asked outside any tenant. */
export async function findTenantOfEmail(tx: UserTransaction, id: EmailId): Promise<TenantId | undefined> {
  const rows = await tables(tx).$queryRaw`SELECT tenant_of_email(${eventIdOf(id)}::uuid) AS tenant`;
  const [found] = tenantRows.parse(rows);
  return found?.tenant == null ? undefined : requireTenantId(found.tenant);
}

/** What happened to these mails, by the event that called for each, oldest first. */
export async function findEmailSteps(
  tx: UserTransaction,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, readonly EmailStep[]>> {
  const rows = await tables(tx).emailStep.findMany({
    where: { eventId: { in: [...eventIds] } },
    orderBy: [{ eventId: "asc" }, { number: "asc" }],
  });
  const steps = rows.map(({ eventId, state, at, detail }) => ({
    eventId,
    step: { status: storedEnum(EmailStatus, state), at, detail },
  }));
  const byMail = Map.groupBy(steps, ({ eventId }) => eventId);
  return new Map([...byMail].map(([eventId, found]) => [eventId, found.map(({ step }) => step)]));
}

async function setState(
  tx: UserTransaction,
  id: EmailId,
  step: EmailStep,
  data: Partial<Pick<EmailDeliveryModel, "sentAt" | "lastError">>,
): Promise<void> {
  const eventId = eventIdOf(id);
  await tables(tx).emailDelivery.update({ where: { eventId }, data: { state: step.status, ...data } });
  await addStep(tx, eventId, step);
}

/** The mail's row is held by the transaction, so numbers have no gaps. */
async function addStep(tx: UserTransaction, eventId: string, { status, at, detail }: EmailStep): Promise<void> {
  await tables(tx).$executeRaw`
    INSERT INTO email_step (event_id, number, tenant_id, state, detail, at)
    SELECT event_id, 1 + (SELECT count(*) FROM email_step WHERE event_id = mail.event_id), tenant_id, ${status}, ${detail}, ${at}
    FROM email_delivery AS mail WHERE event_id = ${eventId}::uuid`;
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
