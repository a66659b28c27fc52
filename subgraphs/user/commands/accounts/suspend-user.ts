/**
 * Takes a user off the platform: every session ends with it, and none begins until the user is reinstated. Suspending a
 * suspended user is no failure and no event.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import { UserId } from "../../domain/ids.ts";
import { sessionRevoked, userSuspended } from "../../domain-events.ts";
import { requireOperator } from "../../errors.ts";
import type { Operator, OperatorServices } from "../../services.ts";
import { revokeSessions } from "../../store/sessions.ts";
import { findUser, lockUser, setUserStatus } from "../../store/users.ts";
import { requireId, requireReason } from "../../validation/text.ts";

const SESSION_REASON = "user_suspended";

export interface SuspensionInput {
  readonly id: string;
  /** Kept in the audit trail, where those concerned can read it. */
  readonly reason: string;
}

/** @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG`, `NOT_FOUND`, `STATE_INVALID` */
export async function suspendUser(
  services: OperatorServices,
  { identity, causation }: Operator,
  input: SuspensionInput,
): Promise<CommandOutcome<{ changed: boolean }>> {
  requireOperator(identity);
  const userId = requireId(UserId, input.id, "a user");
  const reason = requireReason(input.reason);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    const user = await findUser(tx, userId);
    if (user === undefined) throw notFound("user", "id");
    if (user.status === "SUSPENDED") return { changed: false };
    if (user.status === "ERASED") throw refuse("STATE_INVALID", "This user was erased.", "id");
    const now = services.clock.now();
    const version = await setUserStatus(tx, { id: userId, status: "SUSPENDED", now });
    emit(userSuspended(userId, version, reason));
    for (const session of await revokeSessions(tx, { userId, reason: SESSION_REASON, now })) {
      emit(sessionRevoked(session, SESSION_REASON));
    }
    return { changed: true };
  });
}
