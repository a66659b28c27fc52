/** Checks what only the owner of an account with a second factor has: a code of it. */

import { refuse } from "../../../platform/errors/user-failure.ts";
import type { DomainEvent } from "../../../platform/events/envelope.ts";
import { recoveryCodeHash } from "../credentials/recovery-codes.ts";
import { stepOfCode } from "../credentials/totp.ts";
import { pausesCodes, type SecondFactor } from "../domain/second-factor.ts";
import { recoveryCodeUsed } from "../domain-events.ts";
import type { UserServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";
import { countRecoveryCodes, forgetWrongCodes, takeRecoveryCode, takeStep } from "../store/second-factors.ts";

export interface GivenCode {
  readonly code: string;
  readonly now: Date;
  readonly emit: (event: DomainEvent) => void;
}

/**
 * Takes a code of the app or a recovery code: it works once. The transaction holds the user.
 * @throws UserFailure `SECOND_FACTOR_REQUIRED` without a code, `LIMIT_REACHED` after many wrong ones, `INVALID`
 */
export async function takeCode(
  { textSeal }: Pick<UserServices, "textSeal">,
  tx: UserTransaction,
  factor: SecondFactor,
  { code, now, emit }: GivenCode,
): Promise<void> {
  const { userId, sealedSecret } = factor;
  if (code.trim() === "") {
    throw refuse("SECOND_FACTOR_REQUIRED", "Enter the code that your authenticator app shows.", "code");
  }
  if (pausesCodes(factor, now)) {
    throw refuse("LIMIT_REACHED", "There were too many wrong codes: try again in a quarter of an hour.", "code");
  }
  const step = stepOfCode(textSeal.open(sealedSecret, userId), code, now);
  const isTaken =
    step === undefined
      ? await takeRecoveryCode(tx, { userId, hash: recoveryCodeHash(userId, code), now })
      : await takeStep(tx, userId, step);
  if (!isTaken) throw refuse("INVALID", "This code is wrong, or was used before: wait for the next one.", "code");
  await forgetWrongCodes(tx, userId);
  if (step === undefined) emit(recoveryCodeUsed(userId, await countRecoveryCodes(tx, userId)));
}
