import type { UserId } from "./ids.ts";

/** An authenticator app that signing in takes a code of. */
export interface SecondFactor {
  readonly userId: UserId;
  /** What its codes are made of; only `platform/auth/text-seal.ts` opens it. */
  readonly sealedSecret: string;
  readonly createdAt: Date;
  /** Null: nobody has shown yet that it works, so it counts for nothing. */
  readonly confirmedAt: Date | null;
  /** Wrong codes in a row, at sign-ins. */
  readonly wrongCodes: number;
  readonly lastWrongAt: Date | null;
}

/**
 * Whoever guesses knows the password, and may come from many addresses. After so many wrong codes in a row one is
 * looked at each quarter of an hour. Three of a million are good at a time: guessing one takes about ten years.
 */
const MAX_WRONG_CODES = 10;
const PAUSE_MS = 15 * 60_000;

export function pausesCodes({ wrongCodes, lastWrongAt }: SecondFactor, now: Date): boolean {
  return wrongCodes >= MAX_WRONG_CODES && lastWrongAt !== null && now.getTime() - lastWrongAt.getTime() < PAUSE_MS;
}
