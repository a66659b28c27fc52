/**
 * Takes a user off the platform: every session ends with it, and none begins until the user is reinstated. Suspending a
 * suspended user is no failure and no event.
 */

import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import { sessionRevoked, userSuspended } from "../../domain-events.ts";
import {
  type ChangedStatus,
  changeStatus,
  lockedUser,
  requireUserId,
  type SuspensionInput,
} from "../../operator/change-status.ts";
import type { OperatorServices } from "../../services.ts";
import { revokeSessions } from "../../store/sessions.ts";
import { setUserStatus } from "../../store/users.ts";

const SESSION_REASON = "user_suspended";

/** @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG`, `NOT_FOUND`, `STATE_INVALID` */
export function suspendUser(
  services: OperatorServices,
  operator: Operator,
  input: SuspensionInput,
): Promise<ChangedStatus> {
  return changeStatus(services, operator, input, requireUserId, async ({ tx, emit }, userId, reason) => {
    const user = await lockedUser(tx, userId);
    if (user.status === "SUSPENDED") return false;
    if (user.status === "ERASED") throw refuse("STATE_INVALID", "This user was erased.", "id");
    const now = services.clock.now();
    const { version } = await setUserStatus(
      tx,
      { id: userId, status: "SUSPENDED" },
      { causation: operator.causation, now },
    );
    emit(userSuspended(userId, version, reason));
    for (const session of await revokeSessions(tx, { userId, reason: SESSION_REASON, now })) {
      emit(sessionRevoked(session, SESSION_REASON));
    }
    return true;
  });
}
