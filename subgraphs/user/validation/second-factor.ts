/** Checks what only the owner of an account with a second factor has: a code of it, or a passkey. */
import { refuse, UserFailure } from "../../../platform/errors/user-failure.ts";
import type { DomainEvent } from "../../../platform/events/envelope.ts";
import { readAssertion } from "../credentials/passkeys.ts";
import { recoveryCodeHash } from "../credentials/recovery-codes.ts";
import { stepOfCode } from "../credentials/totp.ts";
import type { UserId } from "../domain/ids.ts";
import type { Passkey } from "../domain/passkey.ts";
import { pausesCodes, type SecondFactor } from "../domain/second-factor.ts";
import { recoveryCodeUsed } from "../domain-events.ts";
import type { UserServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";
import { findPasskeys, notePasskeyUsed, takeChallenge } from "../store/passkeys.ts";
import {
  countRecoveryCodes,
  findSecondFactor,
  forgetWrongCodes,
  takeRecoveryCode,
  takeStep,
} from "../store/second-factors.ts";

/** What somebody shows: one of them. */
export interface FactorProof {
  /** Of the app, or a recovery code. */
  readonly code?: string | null | undefined;
  /** What `navigator.credentials.get` gave, as JSON. */
  readonly passkey?: unknown;
}

export interface ProofScope {
  readonly now: Date;
  readonly emit: (event: DomainEvent) => void;
}

type Services = Pick<UserServices, "textSeal" | "relyingParty">;

/**
 * Takes the proof, which works once. The transaction holds the user. An account without a second factor takes none.
 * @returns whether the account has one
 * @throws UserFailure `SECOND_FACTOR_REQUIRED` without a proof, `LIMIT_REACHED` after many wrong codes, `INVALID`
 */
export async function takeProof(
  services: Services,
  tx: UserTransaction,
  userId: UserId,
  proof: FactorProof,
  scope: ProofScope,
): Promise<boolean> {
  const enrolled = await findSecondFactor(tx, userId);
  const app = enrolled?.confirmedAt == null ? undefined : enrolled;
  const passkeys = await findPasskeys(tx, userId);
  if (app === undefined && passkeys.length === 0) return false;
  if (proof.passkey != null) await takeAssertion(services, tx, passkeys, proof.passkey, scope.now);
  else await takeCode(services, tx, { userId, app }, proof.code ?? "", scope);
  return true;
}

/** Whether a refusal of `takeProof` says that a wrong proof was given; none at all is how everybody begins. */
export function isWrongProof(error: unknown): boolean {
  if (!(error instanceof UserFailure)) return false;
  return error.userErrors.some(({ code, field }) => code === "INVALID" && PROOFS.includes(field?.at(-1) ?? ""));
}

const PROOFS = ["code", "passkey"];

async function takeCode(
  { textSeal }: Services,
  tx: UserTransaction,
  { userId, app }: { readonly userId: UserId; readonly app: SecondFactor | undefined },
  code: string,
  { now, emit }: ProofScope,
): Promise<void> {
  if (code.trim() === "") {
    const words = app === undefined ? "Use your passkey." : "Enter the code that your authenticator app shows.";
    throw refuse("SECOND_FACTOR_REQUIRED", words, "code");
  }
  if (app !== undefined && pausesCodes(app, now)) {
    throw refuse("LIMIT_REACHED", "There were too many wrong codes: try again in a quarter of an hour.", "code");
  }
  const step = app === undefined ? undefined : stepOfCode(textSeal.open(app.sealedSecret, userId), code, now);
  const isTaken =
    step === undefined
      ? await takeRecoveryCode(tx, { userId, hash: recoveryCodeHash(userId, code), now })
      : await takeStep(tx, userId, step);
  if (!isTaken) throw refuse("INVALID", "This code is wrong, or was used before: wait for the next one.", "code");
  await forgetWrongCodes(tx, userId);
  if (step === undefined) emit(recoveryCodeUsed(userId, await countRecoveryCodes(tx, userId)));
}

async function takeAssertion(
  { relyingParty }: Services,
  tx: UserTransaction,
  passkeys: readonly Passkey[],
  answer: unknown,
  now: Date,
): Promise<void> {
  const wrong = refuse("INVALID", "This is no passkey of your account, or it took too long: try again.", "passkey");
  const signed = await readAssertion(relyingParty, answer, passkeys);
  if (signed === undefined) throw wrong;
  const { passkey, counter } = signed.what;
  const challenge = { challenge: signed.challenge, userId: passkey.userId, purpose: "PROVE" } as const;
  if (!(await takeChallenge(tx, challenge, now))) throw wrong;
  await notePasskeyUsed(tx, passkey.id, { counter, now });
}
