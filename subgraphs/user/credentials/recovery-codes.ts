/**
 * Codes that take the place of a lost authenticator app: 80 random bits in Crockford's Base32, which has no letters
 * that look like digits. Only hashes are stored.
 */
import { createHash, randomBytes } from "node:crypto";
import type { UserId } from "../domain/ids.ts";

export interface MintedRecoveryCode {
  /** Shown once: `xxxx-xxxx-xxxx-xxxx`. */
  readonly code: string;
  readonly hash: string;
}

const RECOVERY_CODES = 10;
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH = 16;

export function mintRecoveryCodes(userId: UserId): MintedRecoveryCode[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    // A byte has eight times as many values as the alphabet: none is likelier than another.
    const letters = [...randomBytes(LENGTH)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join("");
    const code = letters.replaceAll(/(.{4})(?=.)/g, "$1-");
    return { code, hash: recoveryCodeHash(userId, code) };
  });
}

/** However the code is written: case, spaces and hyphens do not matter. */
export function recoveryCodeHash(userId: UserId, code: string): string {
  const letters = code.toLowerCase().replaceAll(/[\s-]/g, "");
  return createHash("sha256").update(`${userId} ${letters}`).digest("base64url");
}
