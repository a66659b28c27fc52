/**
 * Authenticates callers: it checks the access token and asks the token service what the session may do. A revoked
 * session, an ended membership or a suspended user loses access as soon as the event arrives. Without an event, access
 * ends after one minute. Programs are authenticated by their API keys (`api-keys.ts`) and lose access in the same way.
 */
import { isApiKeyToken } from "../../platform/auth/api-key-token.ts";
import type { ClientFacts, Identity } from "../../platform/auth/identity.ts";
import { OrganizationId, type SessionId, type UserId } from "../../platform/auth/principal-ids.ts";
import type { SessionFacts, TokenService } from "../../platform/auth/token-service.ts";
import type { Cache } from "../../platform/cache/cache.ts";
import type { Clock } from "../../platform/clock.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import type { EventLog } from "../../platform/events/event-log.ts";
import type { LifecyclePart } from "../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Authentication, Authenticator, Revocation } from "../ports.ts";
import { createAccessTokens } from "./access-tokens.ts";
import { createApiKeys } from "./api-keys.ts";
import {
  ANY_ORGANIZATION,
  apiKeyTag,
  NO_CREDENTIAL_MS,
  organizationTag,
  sessionTag,
  tagsConcerned,
  userTag,
} from "./credential-tags.ts";
import { followRevocations } from "./revocations.ts";
import { StaleToken } from "./stale-token.ts";

export interface AuthenticatorOptions {
  readonly tokenService: TokenService;
  readonly issuer: string;
  readonly audience: string;
  /** Its own, since a lost event clears it whole. */
  readonly cache: Cache;
  /** Where revocations are announced; absent: sessions live for their minute. */
  readonly eventLog?: Pick<EventLog, "tail">;
  /**
   * How long the rights of a session or an API key are believed when no event says that they changed, in milliseconds;
   * default: a minute.
   */
  readonly sessionMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface AuthenticatorPart extends Authenticator, LifecyclePart {
  /** Asks anew for what this caller may do; other instances learn it by event. */
  forget(identity: Identity): Promise<void>;
}

const SESSION_MS = 60_000;

interface Answer {
  readonly facts: SessionFacts | null;
}

export function createAuthenticator(options: AuthenticatorOptions): AuthenticatorPart {
  const { tokenService, cache, eventLog, logger, sessionMs = SESSION_MS } = options;
  const tokens = createAccessTokens(options);
  const apiKeys = createApiKeys({ ...options, factsMs: sessionMs });
  const listeners = new Set<(who: Revocation) => void>();
  // One object per cached session: signatures of the identity header are remembered by it.
  const identities = new WeakMap<SessionFacts, Identity>();
  let reader: { stop(): Promise<void> } | undefined;

  async function session(sessionId: SessionId, userId: UserId): Promise<SessionFacts | null> {
    const key = `session:${sessionId}:${userId}`;
    const tags = [sessionTag(sessionId), userTag(userId)];
    const loading = { ttlMs: sessionMs, tags: [...tags, ANY_ORGANIZATION], tagsOf: tagsOf(tags) };
    const { facts } = await cache.getOrLoad<Answer>(key, loading, async () => {
      try {
        return { facts: await tokenService.session(sessionId, userId) };
      } catch (cause) {
        throw new AppError("SERVICE_UNAVAILABLE", "Sign-in cannot be checked at the moment: try again shortly.", {
          cause,
        });
      }
    });
    if (facts === null) await cache.set<Answer>(key, { facts }, { ttlMs: NO_CREDENTIAL_MS, tags });
    return facts;
  }

  async function authenticate(token: string | undefined, _client: ClientFacts): Promise<Authentication> {
    if (token === undefined || token === "") return { identity: { kind: "ANONYMOUS" } };
    if (isApiKeyToken(token)) return apiKeys.authenticate(token);
    const claims = await tokens.verify(token);
    if (claims.kind === "CLIENT") return apiKeys.authenticateClient(claims);
    const { sessionId, userId, expiresAt } = claims;
    const facts = await session(sessionId, userId);
    if (facts === null || facts.userId !== userId || facts.sessionId !== sessionId) {
      throw new StaleToken("This session has ended: sign in again.");
    }
    return { identity: identityOf(facts), expiresAt };
  }

  function identityOf(facts: SessionFacts): Identity {
    const existing = identities.get(facts);
    if (existing !== undefined) return existing;
    const entries = Object.entries(facts.grants);
    const grants = new Map(entries.map(([id, permissions]) => [OrganizationId.require(id), new Set(permissions)]));
    const identity: Identity = { kind: "USER", userId: facts.userId, sessionId: facts.sessionId, grants };
    identities.set(facts, identity);
    return identity;
  }

  return {
    name: "authenticator",
    authenticate,
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async forget(identity) {
      if (identity.kind === "USER") await cache.invalidateTags([userTag(identity.userId)]);
      if (identity.kind === "API_KEY") await cache.invalidateTags([apiKeyTag(identity.keyId)]);
    },
    async start() {
      if (eventLog === undefined) return;
      reader = await followRevocations({
        eventLog,
        logger,
        async onRevoked(who) {
          const tags = tagsConcerned(who);
          if (tags.length === 0) await cache.clear();
          else await cache.invalidateTags(tags);
          for (const listener of listeners) listener(who);
        },
      });
    },
    async stop() {
      await reader?.stop();
    },
  };
}

/** A session is found by its organisations, too: what happens to one of them concerns all its members. */
function tagsOf(tags: readonly string[]): (answer: Answer) => readonly string[] {
  return ({ facts }) => [...tags, ...Object.keys(facts?.grants ?? {}).map(organizationTag)];
}
