/**
 * Checks API keys, and access tokens that programs got for them: it asks the token service what stands behind a key,
 * and believes the answer until an event says that something about the key, its giver or its organisation changed;
 * without an event, for a while.
 */
import { hash } from "node:crypto";
import type { Identity } from "../../platform/auth/identity.ts";
import type { ApiKeyFacts, TokenService } from "../../platform/auth/token-service.ts";
import type { Cache } from "../../platform/cache/cache.ts";
import type { Clock } from "../../platform/clock.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import type { Authentication } from "../ports.ts";
import type { ClientTokenClaims } from "./access-tokens.ts";
import {
  ANY_API_KEY,
  ANY_ORGANIZATION,
  apiKeyTag,
  NO_CREDENTIAL_MS,
  organizationTag,
  userTag,
} from "./credential-tags.ts";
import { StaleToken } from "./stale-token.ts";

export interface ApiKeysOptions {
  readonly tokenService: Pick<TokenService, "apiKey" | "client">;
  readonly cache: Cache;
  /** How long the facts of a key are believed, in milliseconds. */
  readonly factsMs: number;
  readonly clock: Clock;
}

export interface ApiKeys {
  /** @throws AppError `UNAUTHENTICATED` (StaleToken) for a key that is not good, `SERVICE_UNAVAILABLE` */
  authenticate(token: string): Promise<Authentication>;
  /** Like `authenticate`, for an access token whose signature is good. */
  authenticateClient(claims: ClientTokenClaims): Promise<Authentication>;
}

/** A key of ours is below 100 characters. */
const MAX_LENGTH = 256;

interface Answer {
  readonly facts: ApiKeyFacts | null;
}

export function createApiKeys({ tokenService, cache, factsMs, clock }: ApiKeysOptions): ApiKeys {
  const loading = { ttlMs: factsMs, tags: [ANY_API_KEY, ANY_ORGANIZATION], tagsOf };
  // One object per cached key: signatures of the identity header are remembered by it.
  const identities = new WeakMap<ApiKeyFacts, Identity>();

  async function load(key: string, ask: () => Promise<ApiKeyFacts | null>): Promise<ApiKeyFacts | null> {
    const { facts } = await cache.getOrLoad<Answer>(key, loading, async () => {
      try {
        return { facts: await ask() };
      } catch (cause) {
        throw new AppError("SERVICE_UNAVAILABLE", "API keys cannot be checked at the moment: try again shortly.", {
          cause,
        });
      }
    });
    if (facts === null) await cache.set<Answer>(key, { facts }, { ttlMs: NO_CREDENTIAL_MS });
    return facts;
  }

  function identityOf(facts: ApiKeyFacts): Identity {
    const existing = identities.get(facts);
    if (existing !== undefined) return existing;
    const { keyId, grantedBy, organizationId, permissions } = facts;
    const grants = new Map([[organizationId, new Set(permissions)]]);
    const identity: Identity = { kind: "API_KEY", keyId, grantedBy, grants };
    identities.set(facts, identity);
    return identity;
  }

  /** @throws StaleToken also for a key whose time is over while its facts are still believed */
  function requireGood(facts: ApiKeyFacts | null): ApiKeyFacts {
    if (facts === null || (facts.expiresAt !== null && facts.expiresAt <= clock.now())) throw notGood();
    return facts;
  }

  return {
    async authenticate(token) {
      if (token.length > MAX_LENGTH) throw notGood();
      // The key itself is kept nowhere.
      const key = `api-key:${hash("sha256", token, "base64url")}`;
      const facts = requireGood(await load(key, () => tokenService.apiKey(token)));
      const { expiresAt } = facts;
      return { identity: identityOf(facts), ...(expiresAt === null ? {} : { expiresAt }) };
    },
    async authenticateClient({ keyId, organizationId, secretHash, scope, expiresAt }) {
      const loaded = await load(`client:${secretHash}:${scope.join(" ")}`, async () => {
        const all = await tokenService.client({ organizationId, secretHash });
        return all && { ...all, permissions: all.permissions.filter((permission) => scope.includes(permission)) };
      });
      const facts = requireGood(loaded);
      if (facts.keyId !== keyId) throw notGood();
      return { identity: identityOf(facts), expiresAt };
    },
  };
}

function notGood(): StaleToken {
  return new StaleToken("This API key is not good: it was revoked, has expired, or never was one.");
}

/** By all that may change what the key may do. */
function tagsOf({ facts }: Answer): readonly string[] {
  if (facts === null) return [];
  return [apiKeyTag(facts.keyId), userTag(facts.grantedBy), organizationTag(facts.organizationId)];
}
