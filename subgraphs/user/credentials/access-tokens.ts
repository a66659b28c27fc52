/**
 * Issues access tokens: EdDSA JWTs of the profile RFC 9068 (`at+jwt`). Whoever holds the public keys can check them
 * alone.
 */
import { SignJWT } from "jose";
import type { Clock } from "../../../platform/clock.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { IdSource } from "../../../platform/ids.ts";
import type { SessionId, UserId } from "../domain/ids.ts";
import { loadSigningKeys, type SigningKeys } from "./signing-keys.ts";

export interface IssuedAccessToken {
  readonly accessToken: string;
  readonly expiresAt: Date;
}

export interface AccessTokens {
  /** Reads the keys, creating them at the first start. Idempotent. */
  start(): Promise<void>;
  issue(userId: UserId, sessionId: SessionId): Promise<IssuedAccessToken>;
  /** The public keys. */
  keys(): SigningKeys["publicKeys"];
}

export interface AccessTokenOptions {
  readonly keyFile: string;
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeSeconds: number;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { keyFile, issuer, audience, lifetimeSeconds, clock, ids } = options;
  let loaded: SigningKeys | undefined;

  function keys(): SigningKeys {
    if (loaded === undefined)
      throw new AppError("SERVICE_UNAVAILABLE", "The user service is starting: try again shortly.");
    return loaded;
  }

  return {
    async start() {
      loaded ??= await loadSigningKeys(keyFile);
    },
    async issue(userId, sessionId) {
      const { kid, key } = keys();
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      const accessToken = await new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .setJti(ids.uuid())
        .sign(key);
      return { accessToken, expiresAt: new Date((issuedAt + lifetimeSeconds) * 1000) };
    },
    keys: () => keys().publicKeys,
  };
}
