/**
 * The typed client of the service that issues sessions: the gateway asks it what a session may do. One interface,
 * a direct call inside one process and HTTP with a signed service identity between processes.
 */
import { z } from "zod";

/** What stands behind a valid access token. */
export interface SessionFacts {
  readonly userId: string;
  readonly sessionId: string;
  /** Organisation id → permissions. */
  readonly grants: Readonly<Record<string, readonly string[]>>;
}

export interface TokenService {
  /** Public keys of access tokens, a JWK set (RFC 7517). */
  keys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
  /** The facts of a live session; `null` when it is revoked, expired or unknown, or when the user is suspended. */
  session(sessionId: string, userId: string): Promise<SessionFacts | null>;
}

export const sessionFactsSchema = z.object({
  userId: z.string(),
  sessionId: z.string(),
  grants: z.record(z.string(), z.array(z.string())),
});
