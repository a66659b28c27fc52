/**
 * Issues access tokens: EdDSA JWTs of the profile RFC 9068 (`at+jwt`). Whoever holds the public keys can check them
 * alone.
 */
import { SignJWT } from "jose";
import type { Clock } from "../../../platform/clock.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { IdSource } from "../../../platform/ids.ts";
import type { ApiKeyId, OrganizationId, SessionId, UserId } from "../domain/ids.ts";
import { loadSigningKeys, type SigningKeys } from "./signing-keys.ts";

export interface IssuedAccessToken {
  readonly accessToken: string;
  readonly expiresAt: Date;
}

/** The API key that an access token is for: the client of OAuth (RFC 9068, section 2.2). */
export interface TokenClient {
  readonly keyId: ApiKeyId;
  readonly organizationId: OrganizationId;
  /** The token ends with this secret of the key. */
  readonly secretHash: string;
  readonly scope: readonly string[];
  /** When the secret ends; `null`: it does not by itself. */
  readonly endsAt: Date | null;
}

export interface AccessTokens {
  /** Reads the keys, creating them at the first start. Idempotent. */
  start(): Promise<void>;
  issue(userId: UserId, sessionId: SessionId): Promise<IssuedAccessToken>;
  issueForClient(client: TokenClient): Promise<IssuedAccessToken>;
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

  async function sign(
    subject: UserId | ApiKeyId,
    claims: Readonly<Record<string, string>>,
    endsAt: Date | null,
  ): Promise<IssuedAccessToken> {
    const { kid, key } = keys();
    const issuedAt = Math.floor(clock.now().getTime() / 1000);
    const latest = endsAt === null ? Number.POSITIVE_INFINITY : Math.floor(endsAt.getTime() / 1000);
    const expiresAt = Math.min(issuedAt + lifetimeSeconds, latest);
    const accessToken = await new SignJWT(claims)
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .setJti(ids.uuid())
      .sign(key);
    return { accessToken, expiresAt: new Date(expiresAt * 1000) };
  }

  return {
    async start() {
      loaded ??= await loadSigningKeys(keyFile);
    },
    issue: (userId, sessionId) => sign(userId, { sid: sessionId }, null),
    issueForClient: ({ keyId, organizationId, secretHash, scope, endsAt }) =>
      sign(keyId, { client_id: keyId, org: organizationId, secret: secretHash, scope: scope.join(" ") }, endsAt),
    keys: () => keys().publicKeys,
  };
}
