/** Statements on refresh tokens. */
import type { RefreshTokenModel } from "../../../prisma/user/generated/models/RefreshToken.ts";
import { refreshTokenRows } from "../../../prisma/user/generated/raw-rows.ts";
import { SessionId, UserId } from "../domain/ids.ts";
import type { RefreshToken } from "../domain/session.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toRefreshToken({ tokenHash, createdAt, replacedAt, ...row }: RefreshTokenModel): RefreshToken {
  const sessionId = SessionId.require(row.sessionId);
  return { tokenHash, sessionId, userId: UserId.require(row.userId), createdAt, replacedAt };
}

export async function insertRefreshToken(tx: UserTransaction, token: Omit<RefreshToken, "replacedAt">): Promise<void> {
  await tables(tx).refreshToken.create({ data: token });
}

export async function findRefreshTokens(tx: UserTransaction, tokenHashes: readonly string[]): Promise<RefreshToken[]> {
  const rows = await tables(tx).refreshToken.findMany({ where: { tokenHash: { in: [...tokenHashes] } } });
  return rows.map(toRefreshToken);
}

/** The token, held until the end of the transaction, so that it is traded by one request at a time. */
export async function lockRefreshToken(tx: UserTransaction, tokenHash: string): Promise<RefreshToken | undefined> {
  const { columns, parse } = refreshTokenRows;
  const rows = await tables(tx).$queryRaw`
    SELECT ${columns} FROM refresh_token WHERE token_hash = ${tokenHash} FOR UPDATE`;
  const [row] = parse(rows);
  return row === undefined ? undefined : toRefreshToken(row);
}

/** Marks a token as traded in, and forgets those of its session that were traded in before `forgetBefore`. */
export async function replaceRefreshToken(
  tx: UserTransaction,
  { tokenHash, sessionId }: Pick<RefreshToken, "tokenHash" | "sessionId">,
  { now, forgetBefore }: { now: Date; forgetBefore: Date },
): Promise<void> {
  const { refreshToken } = tables(tx);
  await refreshToken.updateMany({ where: { tokenHash, replacedAt: null }, data: { replacedAt: now } });
  await refreshToken.deleteMany({ where: { sessionId, replacedAt: { lt: forgetBefore } } });
}
