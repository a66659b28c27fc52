import type { PasskeyId, UserId } from "./ids.ts";

/** A key pair in somebody's authenticator: a phone, a security key, a password manager (WebAuthn). */
export interface Passkey {
  readonly id: PasskeyId;
  readonly userId: UserId;
  /** Chosen by the authenticator, in base64url. */
  readonly credentialId: string;
  /** COSE (RFC 9052). */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** Rises with each use; stays 0 where the authenticator counts nothing. */
  readonly counter: bigint;
  /** How the authenticator is reached, as it said: `internal`, `usb`, `hybrid` … */
  readonly transports: readonly string[];
  /** What its owner calls it. */
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** Of one account. */
export const MAX_PASSKEYS = 20;

/** What a challenge is signed for. */
export type ChallengePurpose = "ENROLL" | "PROVE";

/** How long an authenticator may take, in milliseconds. */
export const CHALLENGE_MS = 5 * 60_000;
