/** Statements on passkeys and the challenges that they sign. */
import type { PasskeyModel } from "../../../prisma/user/generated/models/Passkey.ts";
import { PasskeyId, UserId } from "../domain/ids.ts";
import { CHALLENGE_MS, type ChallengePurpose, type Passkey } from "../domain/passkey.ts";
import type { UserTransaction } from "./database.ts";
import { settleFactors } from "./second-factors.ts";
import { tables } from "./tables.ts";

function toPasskey(row: PasskeyModel): Passkey {
  const { credentialId, publicKey, counter, transports, name, createdAt, lastUsedAt } = row;
  return {
    id: PasskeyId.require(row.id),
    userId: UserId.require(row.userId),
    credentialId,
    publicKey,
    counter,
    transports,
    name,
    createdAt,
    lastUsedAt,
  };
}

/** Oldest first. */
export async function findPasskeys(tx: UserTransaction, userId: UserId): Promise<Passkey[]> {
  const rows = await tables(tx).passkey.findMany({ where: { userId }, orderBy: { id: "asc" } });
  return rows.map(toPasskey);
}

/** @throws what `isUniqueViolation` knows when the authenticator's key is enrolled already */
export async function insertPasskey(
  tx: UserTransaction,
  { transports, ...passkey }: Omit<Passkey, "lastUsedAt">,
): Promise<void> {
  await tables(tx).passkey.create({ data: { ...passkey, transports: [...transports] } });
  await settleFactors(tx, passkey.userId);
}

/** @returns false when the user has no such passkey (any more) */
export async function deletePasskey(
  tx: UserTransaction,
  { id, userId }: Pick<Passkey, "id" | "userId">,
): Promise<boolean> {
  const { count } = await tables(tx).passkey.deleteMany({ where: { id, userId } });
  if (count === 1) await settleFactors(tx, userId);
  return count === 1;
}

export async function notePasskeyUsed(
  tx: UserTransaction,
  id: PasskeyId,
  { counter, now }: { readonly counter: bigint; readonly now: Date },
): Promise<void> {
  await tables(tx).passkey.update({ where: { id }, data: { counter, lastUsedAt: now } });
}

export interface Challenge {
  readonly challenge: string;
  readonly userId: UserId;
  readonly purpose: ChallengePurpose;
}

/** Those of the user that are over go. */
export async function insertChallenge(tx: UserTransaction, challenge: Challenge, now: Date): Promise<void> {
  const { passkeyChallenge } = tables(tx);
  await passkeyChallenge.deleteMany({ where: { userId: challenge.userId, expiresAt: { lte: now } } });
  await passkeyChallenge.create({ data: { ...challenge, expiresAt: new Date(now.getTime() + CHALLENGE_MS) } });
}

/** False when it is none of the user's for this, was taken before, or is over. */
export async function takeChallenge(tx: UserTransaction, challenge: Challenge, now: Date): Promise<boolean> {
  const where = { ...challenge, expiresAt: { gt: now } };
  return (await tables(tx).passkeyChallenge.deleteMany({ where })).count === 1;
}
