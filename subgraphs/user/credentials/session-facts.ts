/** What a session may do now. */
import type { SessionFacts } from "../../../platform/auth/token-service.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { sessionKey } from "../cache/row-caches.ts";
import type { SessionId, UserId } from "../domain/ids.ts";
import type { UserServices } from "../services.ts";
import { findSession, touchSession } from "../store/sessions.ts";
import { findUser } from "../store/users.ts";
import { NOTED_EVERY_MS } from "./last-used.ts";
import { readGrants } from "./read-grants.ts";

/** @returns `null` when it is revoked, expired or unknown, or when the user is suspended */
export async function findSessionFacts(
  { database, clock, rowCaches }: Pick<UserServices, "database" | "clock" | "rowCaches">,
  sessionId: SessionId,
  userId: UserId,
): Promise<SessionFacts | null> {
  const now = clock.now();
  let touched = false;
  const alive = await inTenants(database, [userId], async (tx) => {
    const session = await findSession(tx, sessionId);
    if (session?.userId !== userId || session.revokedAt !== null || session.expiresAt <= now) return false;
    if ((await findUser(tx, userId))?.status !== "ACTIVE") return false;
    const seenMs = now.getTime() - session.lastSeenAt.getTime();
    touched = seenMs > NOTED_EVERY_MS;
    if (touched) await touchSession(tx, sessionId, { now, everyMs: NOTED_EVERY_MS });
    return true;
  });
  if (touched) await rowCaches.sessions.forget(sessionKey(userId, sessionId));
  if (!alive) return null;
  const grants = await readGrants(database, userId, sessionId);
  return {
    userId,
    sessionId,
    grants: Object.fromEntries([...grants].map(([id, permissions]) => [id, [...permissions].sort()])),
  };
}
