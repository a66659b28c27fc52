/** Lets a suspended user sign in again; the sessions that the suspension ended stay ended. */
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { notFound, requireOperator } from "../errors.ts";
import type { Operator, OperatorServices } from "../services.ts";
import { findUser, lockUser, setUserStatus } from "../store/users.ts";
import { requireId, requireReason } from "../validation.ts";
import type { SuspensionInput } from "./user-suspend.ts";

export async function reinstateUser(
  services: OperatorServices,
  { identity, causation }: Operator,
  input: SuspensionInput,
): Promise<CommandOutcome<{ changed: boolean }>> {
  requireOperator(identity);
  const userId = requireId(input.id, "usr", "a user");
  const reason = requireReason(input.reason);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    const user = await findUser(tx, userId);
    if (user === undefined) throw notFound("user", "id");
    if (user.status !== "SUSPENDED") return { changed: false };
    // Who was suspended before the address was confirmed has still to confirm it.
    const status = user.emailVerifiedAt === null ? "PENDING_VERIFICATION" : "ACTIVE";
    const aggregateVersion = await setUserStatus(tx, { id: userId, status, now: services.clock.now() });
    emit({
      type: "user.reinstated.v1",
      subject: userId,
      aggregateVersion,
      key: userId,
      data: { userId, reason },
    });
    return { changed: true };
  });
}
