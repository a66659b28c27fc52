/**
 * The typed client of the service that issues sessions: the gateway asks it what a session may do. One interface,
 * a direct call inside one process and HTTP with a signed service identity between processes.
 */
import { z } from "zod";
import { OrganizationId, SessionId, UserId } from "./principal-ids.ts";

/** What stands behind a valid access token. */
export interface SessionFacts {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** By organisation. */
  readonly grants: Readonly<Record<OrganizationId, readonly string[]>>;
}

export interface TokenService {
  /** Public keys of access tokens, a JWK set (RFC 7517). */
  keys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
  /** The facts of a live session; `null` when it is revoked, expired or unknown, or when the user is suspended. */
  session(sessionId: SessionId, userId: UserId): Promise<SessionFacts | null>;
}

export const sessionFactsSchema = z.object({
  userId: UserId.schema,
  sessionId: SessionId.schema,
  grants: z.record(OrganizationId.schema, z.array(z.string())),
});
