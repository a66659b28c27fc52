/**
 * Checks access tokens (RFC 9068). It accepts EdDSA signatures only, whatever the token's header asks for. Keys are
 * fetched once, and again when a token names an unknown key. That happens at most every ten seconds, so that made-up
 * key ids cannot flood the key server.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { ApiKeyId, OrganizationId, SessionId, UserId } from "../../platform/auth/principal-ids.ts";
import type { ClientClaims, TokenService } from "../../platform/auth/token-service.ts";
import type { Clock } from "../../platform/clock.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { StaleToken } from "./stale-token.ts";

export interface AccessTokensOptions {
  readonly tokenService: Pick<TokenService, "keys">;
  readonly issuer: string;
  readonly audience: string;
  readonly clock: Clock;
}

/** Of a person's session. */
export interface SessionTokenClaims {
  readonly kind: "SESSION";
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly expiresAt: Date;
}

/** Of a program that traded its API key for the token. */
export interface ClientTokenClaims extends ClientClaims {
  readonly kind: "CLIENT";
  readonly keyId: ApiKeyId;
  /** Names of permissions: the token allows no others. */
  readonly scope: readonly string[];
  readonly expiresAt: Date;
}

export type AccessTokenClaims = SessionTokenClaims | ClientTokenClaims;

export interface AccessTokens {
  /**
   * @throws AppError `UNAUTHENTICATED` for any fault of the token (StaleToken when it has expired),
   * `SERVICE_UNAVAILABLE` when there are no keys to check it with
   */
  verify(token: string): Promise<AccessTokenClaims>;
}

const REFETCH_MS = 10_000;
/** Keys that were withdrawn are forgotten after this long. */
const KEYS_MS = 600_000;
const CHECKED_TOKENS = 10_000;
const CLOCK_TOLERANCE_SECONDS = 5;
/** A token of ours is below 1 KB; anything much larger is not worth a hash. */
const MAX_TOKEN_LENGTH = 8_192;

const expiry = z.number().transform((seconds) => new Date(seconds * 1000));
const claimsSchema = z.union([
  z.object({ sub: UserId.schema, sid: SessionId.schema, exp: expiry }).transform(
    ({ sub, sid, exp }): AccessTokenClaims => ({
      kind: "SESSION",
      userId: sub,
      sessionId: sid,
      expiresAt: exp,
    }),
  ),
  z
    .object({ sub: ApiKeyId.schema, org: OrganizationId.schema, secret: z.string(), scope: z.string(), exp: expiry })
    .transform(
      ({ sub, org, secret, scope, exp }): AccessTokenClaims => ({
        kind: "CLIENT",
        keyId: sub,
        organizationId: org,
        secretHash: secret,
        scope: scope.split(" "),
        expiresAt: exp,
      }),
    ),
]);
const keysSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

export function createAccessTokens({ tokenService, issuer, audience, clock }: AccessTokensOptions): AccessTokens {
  let keys: { readonly find: ReturnType<typeof createLocalJWKSet>; readonly fetchedAt: number } | undefined;
  let fetching: Promise<void> | undefined;
  // A signature is checked once per token, not once per request; what time does to a token is checked each time.
  const checked = new LRUCache<string, AccessTokenClaims>({ max: CHECKED_TOKENS });

  function refresh(): Promise<void> {
    fetching ??= tokenService
      .keys()
      .then((set) => {
        const keySet: JSONWebKeySet = { keys: keysSchema.parse(set).keys };
        keys = { find: createLocalJWKSet(keySet), fetchedAt: clock.now().getTime() };
        // A withdrawn key takes its tokens along.
        checked.clear();
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  function keysAreOld(): boolean {
    return keys === undefined || clock.now().getTime() - keys.fetchedAt > KEYS_MS;
  }

  async function check(token: string): Promise<JWTPayload> {
    const age = keys === undefined ? Number.POSITIVE_INFINITY : clock.now().getTime() - keys.fetchedAt;
    if (keys === undefined) await refresh().catch(noKeys);
    // Old keys go on serving while the key server is away, and nobody waits for it.
    else if (age > KEYS_MS) refresh().catch(() => undefined);
    try {
      return await verifyWithKeys(token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || age < REFETCH_MS) throw error;
      await refresh().catch(noKeys);
      return verifyWithKeys(token);
    }
  }

  async function verifyWithKeys(token: string): Promise<JWTPayload> {
    if (keys === undefined) return noKeys(undefined);
    const { payload } = await jwtVerify(token, keys.find, {
      algorithms: ["EdDSA"],
      issuer,
      audience,
      typ: "at+jwt",
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: clock.now(),
      requiredClaims: ["sub", "iat", "exp"],
    });
    return payload;
  }

  return {
    async verify(token) {
      try {
        const checkedToken = checked.get(token);
        const latest = clock.now().getTime() - CLOCK_TOLERANCE_SECONDS * 1000;
        if (checkedToken !== undefined && checkedToken.expiresAt.getTime() > latest && !keysAreOld())
          return checkedToken;
        if (token.length > MAX_TOKEN_LENGTH) throw new Error("the token is too long");
        const claims = claimsSchema.parse(await check(token));
        checked.set(token, claims);
        return claims;
      } catch (error) {
        if (error instanceof AppError) throw error;
        if (error instanceof errors.JWTExpired) {
          throw new StaleToken("The access token has expired: refresh it or sign in again.", error);
        }
        throw new AppError("UNAUTHENTICATED", "The access token is not valid: sign in again.", { cause: error });
      }
    },
  };
}

function noKeys(cause: unknown): never {
  throw new AppError("SERVICE_UNAVAILABLE", "Sign-in cannot be checked at the moment: try again shortly.", { cause });
}
