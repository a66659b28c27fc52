/** Statements on sessions. */
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { SessionModel } from "../../../prisma/user/generated/models/Session.ts";
import { type OrganizationId, SessionId, UserId } from "../domain/ids.ts";
import type { Session } from "../domain/session.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toSession(row: SessionModel): Session {
  const { device, ip, createdAt, lastSeenAt, expiresAt, revokedAt, revokedReason, version } = row;
  return {
    id: SessionId.require(row.id),
    userId: UserId.require(row.userId),
    device,
    ip,
    createdAt,
    lastSeenAt,
    expiresAt,
    revokedAt,
    revokedReason,
    version,
  };
}

export async function findSessions(tx: UserTransaction, ids: readonly SessionId[]): Promise<Session[]> {
  const rows = await tables(tx).session.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toSession);
}

export async function findSession(tx: UserTransaction, id: SessionId): Promise<Session | undefined> {
  const row = await tables(tx).session.findUnique({ where: { id } });
  return row === null ? undefined : toSession(row);
}

/** All there ever were, oldest first. */
export async function findSessionsOfUser(tx: UserTransaction, userId: UserId): Promise<Session[]> {
  const rows = await tables(tx).session.findMany({ where: { userId }, orderBy: { id: "asc" } });
  return rows.map(toSession);
}

/** Sessions that were not ended and did not expire, newest first. */
export async function pageSessions(
  tx: UserTransaction,
  userId: UserId,
  now: Date,
  page: Page,
): Promise<RowPage<Session>> {
  const { where, orderBy, take } = keysetById(page, "descending");
  const live = { userId, revokedAt: null, expiresAt: { gt: now } };
  const { session } = tables(tx);
  const rows = await session.findMany({ where: { ...live, ...where }, orderBy, take });
  return { rows: rows.map(toSession), totalCount: page.counted ? await session.count({ where: live }) : null };
}

export interface NewSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly device: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Whose provider it began at; null: it began with a password. */
  readonly providerOrganizationId: OrganizationId | null;
  readonly now: Date;
  readonly expiresAt: Date;
}

export async function insertSession(tx: UserTransaction, { now, ...session }: NewSession): Promise<Session> {
  return toSession(await tables(tx).session.create({ data: { ...session, createdAt: now, lastSeenAt: now } }));
}

/** Remembers that a session is used; at most one write per `everyMs`. */
export async function touchSession(
  tx: UserTransaction,
  id: SessionId,
  { now, everyMs }: { now: Date; everyMs: number },
): Promise<void> {
  await tables(tx).session.updateMany({
    where: { id, lastSeenAt: { lt: new Date(now.getTime() - everyMs) } },
    data: { lastSeenAt: now },
  });
}

export interface Revocation {
  readonly userId: UserId;
  /** Absent: all of the user. */
  readonly ids?: readonly SessionId[];
  /** This one goes on. */
  readonly except?: SessionId;
  readonly reason: string;
  readonly now: Date;
}

/** Ends the sessions that still run. @returns those that this call ended */
export async function revokeSessions(
  tx: UserTransaction,
  { userId, ids, except, reason, now }: Revocation,
): Promise<Session[]> {
  const id = { ...(ids === undefined ? {} : { in: [...ids] }), ...(except === undefined ? {} : { not: except }) };
  const rows = await tables(tx).session.updateManyAndReturn({
    where: { userId, revokedAt: null, id },
    data: { revokedAt: now, revokedReason: reason, version: { increment: 1 } },
  });
  return rows.map(toSession);
}
