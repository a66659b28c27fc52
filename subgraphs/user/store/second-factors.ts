/**
 * Statements on authenticator apps and recovery codes, and on whether an account has a second factor: an app, or a
 * passkey.
 */
import type { SecondFactorModel } from "../../../prisma/user/generated/models/SecondFactor.ts";
import { UserId } from "../domain/ids.ts";
import type { SecondFactor } from "../domain/second-factor.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toSecondFactor(row: SecondFactorModel): SecondFactor {
  const { sealedSecret, createdAt, confirmedAt, wrongCodes, lastWrongAt } = row;
  return { userId: UserId.require(row.userId), sealedSecret, createdAt, confirmedAt, wrongCodes, lastWrongAt };
}

/** Confirmed or not. */
export async function findSecondFactor(tx: UserTransaction, userId: UserId): Promise<SecondFactor | undefined> {
  const row = await tables(tx).secondFactor.findUnique({ where: { userId } });
  return row === null ? undefined : toSecondFactor(row);
}

/** Takes the place of one that was not confirmed. */
export async function putSecondFactor(
  tx: UserTransaction,
  factor: Pick<SecondFactor, "userId" | "sealedSecret" | "createdAt">,
): Promise<void> {
  await tables(tx).secondFactor.deleteMany({ where: { userId: factor.userId, confirmedAt: null } });
  await tables(tx).secondFactor.create({ data: factor });
}

/**
 * Notes at the account whether it has a second factor, where organisations see it that require one. Recovery codes go
 * with the last factor.
 */
export async function settleFactors(tx: UserTransaction, userId: UserId): Promise<void> {
  const { secondFactor, passkey, recoveryCode, user } = tables(tx);
  const apps = await secondFactor.count({ where: { userId, confirmedAt: { not: null } } });
  const hasSecondFactor = apps > 0 || (await passkey.count({ where: { userId } })) > 0;
  if (!hasSecondFactor) await recoveryCode.deleteMany({ where: { userId } });
  await user.update({ where: { id: userId }, data: { hasSecondFactor } });
}

/** Whether the user's sign-ins take more than the password. */
export async function hasSecondFactor(tx: UserTransaction, id: UserId): Promise<boolean> {
  return (await tables(tx).user.count({ where: { id, hasSecondFactor: true } })) === 1;
}

export async function confirmSecondFactor(tx: UserTransaction, userId: UserId, now: Date): Promise<void> {
  await tables(tx).secondFactor.update({ where: { userId }, data: { confirmedAt: now } });
  await settleFactors(tx, userId);
}

/** Takes a code of a time step. False when it, or a later one, was taken before. */
export async function takeStep(tx: UserTransaction, userId: UserId, step: bigint): Promise<boolean> {
  const { count } = await tables(tx).secondFactor.updateMany({
    where: { userId, OR: [{ lastStep: null }, { lastStep: { lt: step } }] },
    data: { lastStep: step },
  });
  return count === 1;
}

export async function noteWrongCode(tx: UserTransaction, userId: UserId, now: Date): Promise<void> {
  const data = { wrongCodes: { increment: 1 }, lastWrongAt: now };
  await tables(tx).secondFactor.updateMany({ where: { userId }, data });
}

export async function forgetWrongCodes(tx: UserTransaction, userId: UserId): Promise<void> {
  await tables(tx).secondFactor.updateMany({ where: { userId, wrongCodes: { gt: 0 } }, data: { wrongCodes: 0 } });
}

export async function deleteSecondFactor(tx: UserTransaction, userId: UserId): Promise<void> {
  await tables(tx).secondFactor.deleteMany({ where: { userId } });
  await settleFactors(tx, userId);
}

/** The only ones from now on. */
export async function replaceRecoveryCodes(
  tx: UserTransaction,
  userId: UserId,
  { hashes, now }: { hashes: readonly string[]; now: Date },
): Promise<void> {
  await tables(tx).recoveryCode.deleteMany({ where: { userId } });
  await tables(tx).recoveryCode.createMany({ data: hashes.map((codeHash) => ({ codeHash, userId, createdAt: now })) });
}

/** False when there is no such code, or none any more. */
export async function takeRecoveryCode(
  tx: UserTransaction,
  { userId, hash, now }: { userId: UserId; hash: string; now: Date },
): Promise<boolean> {
  const { count } = await tables(tx).recoveryCode.updateMany({
    where: { codeHash: hash, userId, usedAt: null },
    data: { usedAt: now },
  });
  return count === 1;
}

export function countRecoveryCodes(tx: UserTransaction, userId: UserId): Promise<number> {
  return tables(tx).recoveryCode.count({ where: { userId, usedAt: null } });
}
