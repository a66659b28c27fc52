/** Statements about sessions and their refresh tokens. */
import type { Page } from "../../../platform/graphql/connection.ts";
import type { UserTransaction } from "../../../prisma/user/client.ts";
import { refreshTokenRows } from "../../../prisma/user/generated/raw-rows.ts";
import { pageOf, type RowPage } from "./rows.ts";

export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly device: string | null;
  readonly ip: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly revokedReason: string | null;
  readonly version: number;
}

export async function findSessions(tx: UserTransaction, ids: readonly string[]): Promise<SessionRow[]> {
  return tx.session.findMany({ where: { id: { in: [...ids] } } });
}

export async function findSession(tx: UserTransaction, id: string): Promise<SessionRow | undefined> {
  return (await tx.session.findUnique({ where: { id } })) ?? undefined;
}

/** Sessions that were not ended and did not expire, newest first. */
export async function pageSessions(
  tx: UserTransaction,
  userId: string,
  now: Date,
  page: Page,
): Promise<RowPage<SessionRow>> {
  const { after, orderBy, take } = pageOf(page, "newestFirst");
  const live = { userId, revokedAt: null, expiresAt: { gt: now } };
  const rows = await tx.session.findMany({ where: { ...live, ...after }, orderBy, take });
  return { rows, totalCount: page.counted ? await tx.session.count({ where: live }) : null };
}

export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly device: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly now: Date;
  readonly expiresAt: Date;
}

export async function insertSession(tx: UserTransaction, { now, ...session }: NewSession): Promise<SessionRow> {
  return tx.session.create({ data: { ...session, createdAt: now, lastSeenAt: now } });
}

/** Remembers that a session is used; at most one write per `everyMs`. */
export async function touchSession(
  tx: UserTransaction,
  id: string,
  { now, everyMs }: { now: Date; everyMs: number },
): Promise<void> {
  await tx.session.updateMany({
    where: { id, lastSeenAt: { lt: new Date(now.getTime() - everyMs) } },
    data: { lastSeenAt: now },
  });
}

/** Ends the sessions that still run: `ids`, or all of the user. @returns those that this call ended */
export async function revokeSessions(
  tx: UserTransaction,
  { userId, ids, reason, now }: { userId: string; ids?: readonly string[]; reason: string; now: Date },
): Promise<{ id: string; version: number }[]> {
  return tx.session.updateManyAndReturn({
    where: { userId, revokedAt: null, ...(ids === undefined ? {} : { id: { in: [...ids] } }) },
    data: { revokedAt: now, revokedReason: reason, version: { increment: 1 } },
    select: { id: true, version: true },
  });
}

export async function insertRefreshToken(
  tx: UserTransaction,
  token: { tokenHash: string; sessionId: string; userId: string; createdAt: Date },
): Promise<void> {
  await tx.refreshToken.create({ data: token });
}

/** The token with its session, both held until the end of the transaction, so that a token is traded by one request at a time. */
export async function lockRefreshToken(
  tx: UserTransaction,
  tokenHash: string,
): Promise<{ sessionId: string; replacedAt: Date | null } | undefined> {
  const { columns, parse } = refreshTokenRows;
  return parse(await tx.$queryRaw`SELECT ${columns} FROM refresh_token WHERE token_hash = ${tokenHash} FOR UPDATE`).at(
    0,
  );
}

/** Marks a token as traded in, and forgets those of its session that were before `forgetBefore`. */
export async function replaceRefreshToken(
  tx: UserTransaction,
  { tokenHash, sessionId, now, forgetBefore }: { tokenHash: string; sessionId: string; now: Date; forgetBefore: Date },
): Promise<void> {
  await tx.refreshToken.updateMany({ where: { tokenHash, replacedAt: null }, data: { replacedAt: now } });
  await tx.refreshToken.deleteMany({ where: { sessionId, replacedAt: { lt: forgetBefore } } });
}
