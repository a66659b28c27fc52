/** Statements on the tokens that confirm addresses. */
import type { UserId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface NewVerification {
  readonly tokenHash: string;
  readonly userId: UserId;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export async function insertVerification(tx: UserTransaction, verification: NewVerification): Promise<void> {
  await tables(tx).emailVerification.create({ data: verification });
}

/** @returns undefined when the token is unknown or expired */
export async function findVerification(
  tx: UserTransaction,
  { userId, tokenHash, now }: { userId: UserId; tokenHash: string; now: Date },
): Promise<{ readonly used: boolean } | undefined> {
  const where = { tokenHash, userId, expiresAt: { gt: now } };
  const row = await tables(tx).emailVerification.findFirst({ where, select: { usedAt: true } });
  return row === null ? undefined : { used: row.usedAt !== null };
}

/** False when the token is unknown, used or expired. */
export async function consumeVerification(
  tx: UserTransaction,
  { userId, tokenHash, now }: { userId: UserId; tokenHash: string; now: Date },
): Promise<boolean> {
  const { count } = await tables(tx).emailVerification.updateMany({
    where: { tokenHash, userId, usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  });
  return count === 1;
}
