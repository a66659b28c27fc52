/** Statements on the tokens that let somebody choose a new password. */
import type { UserId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface NewPasswordReset {
  readonly tokenHash: string;
  readonly userId: UserId;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export async function insertPasswordReset(tx: UserTransaction, reset: NewPasswordReset): Promise<void> {
  await tables(tx).passwordReset.create({ data: reset });
}

/** False when the token is unknown, used or expired. */
export async function consumePasswordReset(
  tx: UserTransaction,
  { userId, tokenHash, now }: { userId: UserId; tokenHash: string; now: Date },
): Promise<boolean> {
  const { count } = await tables(tx).passwordReset.updateMany({
    where: { tokenHash, userId, usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  });
  return count === 1;
}

/** Whoever has a password now needs none of the links that were sent before. */
export async function deletePasswordResets(tx: UserTransaction, userId: UserId): Promise<void> {
  await tables(tx).passwordReset.deleteMany({ where: { userId, usedAt: null } });
}
