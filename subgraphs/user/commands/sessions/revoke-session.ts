/**
 * Ends one session of the viewer, all of them, or all others. Ending a session that has ended is no failure and no
 * event.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { SessionRevokeInput } from "../../../../schema/generated/user.ts";
import { SessionId } from "../../domain/ids.ts";
import { sessionRevoked } from "../../domain-events.ts";
import { canReadSession } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { findSession, revokeSessions } from "../../store/sessions.ts";

const REASON = "signed_out";

/** @throws UserFailure `INVALID`, `NOT_FOUND` */
export async function revokeSession(
  services: UserServices,
  { identity, causation }: Person,
  { id, all, exceptCurrent }: SessionRevokeInput,
): Promise<CommandOutcome<{ revokedIds: SessionId[] }>> {
  if ([id != null, all === true, exceptCurrent === true].filter(Boolean).length > 1) {
    throw refuse("INVALID", "Name one session, or all of them, or all but this one.", "all");
  }
  const { userId, sessionId } = identity;
  const missing = notFound("session", "id");
  const named = id == null ? undefined : SessionId.from(id);
  if (id != null && named === undefined) throw missing;
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    if (named !== undefined) {
      const session = await findSession(tx, named);
      if (session === undefined || !canReadSession(identity, session)) throw missing;
    }
    const now = services.clock.now();
    const one = all === true || exceptCurrent === true ? {} : { ids: [named ?? sessionId] };
    const kept = exceptCurrent === true ? { except: sessionId } : {};
    const revoked = await revokeSessions(tx, { userId, ...one, ...kept, reason: REASON, now });
    for (const session of revoked) emit(sessionRevoked(session, REASON));
    return { revokedIds: revoked.map((session) => session.id) };
  });
}
