/** Takes the authenticator app of the viewer's account away: whoever does it has both factors. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { TotpRemoveInput } from "../../../../schema/generated/user.ts";
import { secondFactorDisabled } from "../../domain-events.ts";
import { noSecondFactor } from "../../errors.ts";
import type { UserServices } from "../../services.ts";
import { deleteSecondFactor, findSecondFactor } from "../../store/second-factors.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { requireOwnPassword } from "../../validation/own-password.ts";
import { takeProof } from "../../validation/second-factor.ts";

/** @throws UserFailure `INVALID`, `STATE_INVALID`, `SECOND_FACTOR_REQUIRED` */
export async function removeTotp(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { password, ...proof }: TotpRemoveInput,
): Promise<CommandOutcome<{ removed: boolean }>> {
  await requireOwnPassword(services, userId, password);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    const factor = await findSecondFactor(tx, userId);
    if (factor?.confirmedAt == null) throw noSecondFactor();
    await takeProof(services, tx, userId, proof, { now: services.clock.now(), emit });
    await deleteSecondFactor(tx, userId);
    emit(secondFactorDisabled(userId, (await findUser(tx, userId))?.version ?? 0));
    return { removed: true };
  });
}
