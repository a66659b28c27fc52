/** Lets a suspended user sign in again; the sessions that the suspension ended stay ended. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { UserId } from "../../domain/ids.ts";
import { userReinstated } from "../../domain-events.ts";
import { requireOperator } from "../../errors.ts";
import type { Operator, OperatorServices } from "../../services.ts";
import { findUser, lockUser, setUserStatus } from "../../store/users.ts";
import { requireId, requireReason } from "../../validation/text.ts";
import type { SuspensionInput } from "./suspend-user.ts";

/** @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG`, `NOT_FOUND` */
export async function reinstateUser(
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
    if (user.status !== "SUSPENDED") return { changed: false };
    // Who was suspended before the address was confirmed has still to confirm it.
    const status = user.emailVerifiedAt === null ? "PENDING_VERIFICATION" : "ACTIVE";
    const version = await setUserStatus(tx, { id: userId, status, now: services.clock.now() });
    emit(userReinstated(userId, version, reason));
    return { changed: true };
  });
}
