/** Lets a suspended user sign in again; the sessions that the suspension ended stay ended. */
import type { Operator } from "../../../../platform/operator/operator.ts";
import { userReinstated } from "../../domain-events.ts";
import {
  type ChangedStatus,
  changeStatus,
  lockedUser,
  requireUserId,
  type SuspensionInput,
} from "../../operator/change-status.ts";
import type { OperatorServices } from "../../services.ts";
import { setUserStatus } from "../../store/users.ts";

/** @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG`, `NOT_FOUND` */
export function reinstateUser(
  services: OperatorServices,
  operator: Operator,
  input: SuspensionInput,
): Promise<ChangedStatus> {
  return changeStatus(services, operator, input, requireUserId, async ({ tx, emit }, userId, reason) => {
    const user = await lockedUser(tx, userId);
    if (user.status !== "SUSPENDED") return false;
    // Who was suspended before the address was confirmed has still to confirm it.
    const status = user.emailVerifiedAt === null ? "PENDING_VERIFICATION" : "ACTIVE";
    const cause = { causation: operator.causation, now: services.clock.now() };
    const { version } = await setUserStatus(tx, { id: userId, status }, cause);
    emit(userReinstated(userId, version, reason));
    return true;
  });
}
