/** What a browser keeps while its user is away, so that an answer counts for whoever asked. Only a hash is stored. */
import { createHash, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;

export interface BrowserSecret {
  readonly secret: string;
  readonly hash: string;
}

export function mintBrowserSecret(): BrowserSecret {
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return { secret, hash: browserSecretHash(secret) };
}

export function browserSecretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
