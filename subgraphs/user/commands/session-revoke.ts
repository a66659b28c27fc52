/** Ends one session of the viewer, or all of them. Ending a session that has ended is no failure and no event. */
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { SessionRevokeInput } from "../../../schema/generated/user.ts";
import { notFound } from "../errors.ts";
import { canReadSession } from "../policies.ts";
import type { Actor, UserServices } from "../services.ts";
import { findSession, revokeSessions } from "../store/sessions.ts";

const REASON = "signed_out";

export async function revokeSession(
  services: UserServices,
  { identity, causation }: Actor,
  { id, all }: SessionRevokeInput,
): Promise<CommandOutcome<{ revokedIds: string[] }>> {
  if (id != null && all === true) throw refuse("INVALID", "Name one session or all of them, not both.", "all");
  const { userId, sessionId } = identity;
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    if (id != null) {
      const session = await findSession(tx, id);
      if (session === undefined || !canReadSession(identity, session)) throw notFound("session", "id");
    }
    const now = services.clock.now();
    const ids = all === true ? {} : { ids: [id ?? sessionId] };
    const revoked = await revokeSessions(tx, { userId, ...ids, reason: REASON, now });
    for (const session of revoked) {
      emit({
        type: "user.session.revoked.v1",
        subject: session.id,
        aggregateVersion: session.version,
        key: userId,
        data: { sessionId: session.id, userId, reason: REASON },
      });
    }
    return { revokedIds: revoked.map((session) => session.id) };
  });
}
