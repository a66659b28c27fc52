/** Codes of authenticator apps: TOTP (RFC 6238) as all of them make it, six digits of SHA-1 every 30 seconds. */
import { Secret, TOTP } from "otpauth";

const ISSUER = "Tributary";
const PERIOD_SECONDS = 30;
/** Steps that the app's clock may be off, in both directions (RFC 6238, 5.2). */
const WINDOW = 1;
/** RFC 4226, 4 (R6) recommends 160 bits. */
const SECRET_BYTES = 20;
const CODE = /^[0-9]{6}$/;

function totpOf(secret: string, label = ""): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label,
    algorithm: "SHA1",
    digits: 6,
    period: PERIOD_SECONDS,
    secret: Secret.fromBase32(secret),
  });
}

/** @returns a new secret, in Base32 */
export function newTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** The secret as apps read it from a QR code. @param account what the app calls it, e.g. the address */
export function totpUri(secret: string, account: string): string {
  return totpOf(secret, account).toString();
}

/**
 * @param code six digits; spaces are passed over, since apps show them in groups
 * @returns the time step that the code belongs to; undefined: it is none of about now
 */
export function stepOfCode(secret: string, code: string, now: Date): bigint | undefined {
  const token = code.replaceAll(/\s/g, "");
  if (!CODE.test(token)) return undefined;
  const timestamp = now.getTime();
  const off = totpOf(secret).validate({ token, timestamp, window: WINDOW });
  if (off === null) return undefined;
  return BigInt(Math.floor(timestamp / 1_000 / PERIOD_SECONDS) + off);
}
