/** Gives a user the only recovery codes that are good from now on. Part of a command that holds the user. */
import { mintRecoveryCodes } from "../../credentials/recovery-codes.ts";
import type { UserId } from "../../domain/ids.ts";
import type { UserTransaction } from "../../store/database.ts";
import { replaceRecoveryCodes } from "../../store/second-factors.ts";

/** @returns the codes, to be shown once */
export async function issueRecoveryCodes(tx: UserTransaction, userId: UserId, now: Date): Promise<string[]> {
  const codes = mintRecoveryCodes(userId);
  await replaceRecoveryCodes(tx, userId, { hashes: codes.map(({ hash }) => hash), now });
  return codes.map(({ code }) => code);
}
