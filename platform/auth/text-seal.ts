/**
 * Secrets that must be read again, unlike passwords and tokens: sealed with AES-256-GCM under a key that is derived
 * from the installation's secrets (HKDF, RFC 5869). The first secret seals, all of them open, so they rotate without
 * downtime.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";

export interface TextSeal {
  /** Names the secret that seals, and tells nothing of it. What another one sealed can be found, and sealed anew. */
  readonly sealedWith: string;
  /** @param owner whom the text belongs to: it opens for nobody else */
  seal(text: string, owner: string): string;
  /** @throws Error for what none of the secrets sealed, or for another owner */
  open(sealed: string, owner: string): string;
}

const ALGORITHM = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NAME_LENGTH = 16;

/** @param purpose keys of one purpose open nothing of another. @param secrets at least one, the newest first */
export function createTextSeal(purpose: string, secrets: readonly string[]): TextSeal {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync("sha256", secret, "", purpose, KEY_BYTES)));
  const [newest] = keys;
  if (newest === undefined) throw new Error(`no secret to seal ${purpose} with`);

  return {
    sealedWith: createHash("sha256").update(newest).digest("hex").slice(0, NAME_LENGTH),
    seal(text, owner) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, newest, nonce);
      cipher.setAAD(Buffer.from(owner));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
    },
    open(sealed, owner) {
      const bytes = Buffer.from(sealed, "base64url");
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      for (const key of keys) {
        try {
          const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
          decipher.setAAD(Buffer.from(owner));
          decipher.setAuthTag(tag);
          const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
          return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
        } catch {
          // Sealed with another secret, or not by us.
        }
      }
      throw new Error("this text was not sealed with any of the secrets, or not for this owner");
    },
  };
}
