/**
 * The typed client of the service that issues sessions: the gateway asks it what a session may do. One interface,
 * a direct call inside one process and HTTP with a signed service identity between processes.
 */
import { z } from "zod";
import { ApiKeyId, OrganizationId, SessionId, UserId } from "./principal-ids.ts";

/** What stands behind a valid access token. */
export interface SessionFacts {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** By organisation. */
  readonly grants: Readonly<Record<OrganizationId, readonly string[]>>;
}

/** What stands behind a valid API key. */
export interface ApiKeyFacts {
  readonly keyId: ApiKeyId;
  readonly organizationId: OrganizationId;
  /** Whose rights bound the key's. */
  readonly grantedBy: UserId;
  /** What the key may do now. */
  readonly permissions: readonly string[];
  /** When this secret of it ends; `null`: it ends by being revoked only. */
  readonly expiresAt: Date | null;
}

export interface TokenService {
  /** Public keys of access tokens, a JWK set (RFC 7517). */
  keys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
  /** The facts of a live session; `null` when it is revoked, expired or unknown, or when the user is suspended. */
  session(sessionId: SessionId, userId: UserId): Promise<SessionFacts | null>;
  /**
   * The facts of a live API key; `null` when it is revoked, expired or unknown, or when whoever gave it is suspended or
   * left the organisation.
   * @param token the whole key, as its program sends it
   */
  apiKey(token: string): Promise<ApiKeyFacts | null>;
}

export const sessionFactsSchema = z.object({
  userId: UserId.schema,
  sessionId: SessionId.schema,
  grants: z.record(OrganizationId.schema, z.array(z.string())),
});

/** As it comes over HTTP. */
export const apiKeyFactsSchema = z.object({
  keyId: ApiKeyId.schema,
  organizationId: OrganizationId.schema,
  grantedBy: UserId.schema,
  permissions: z.array(z.string()),
  expiresAt: z.coerce.date().nullable(),
});
