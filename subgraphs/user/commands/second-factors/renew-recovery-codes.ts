/** Gives the viewer new recovery codes; the former ones end. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { RecoveryCodesRenewInput } from "../../../../schema/generated/user.ts";
import { recoveryCodesRenewed } from "../../domain-events.ts";
import { noSecondFactor } from "../../errors.ts";
import type { UserServices } from "../../services.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { requireOwnPassword } from "../../validation/own-password.ts";
import { takeProof } from "../../validation/second-factor.ts";
import { issueRecoveryCodes } from "./issue-recovery-codes.ts";

/** @throws UserFailure `INVALID`, `STATE_INVALID`, `SECOND_FACTOR_REQUIRED` */
export async function renewRecoveryCodes(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { password, ...proof }: RecoveryCodesRenewInput,
): Promise<CommandOutcome<{ recoveryCodes: string[] }>> {
  await requireOwnPassword(services, userId, password);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    const now = services.clock.now();
    if (!(await takeProof(services, tx, userId, proof, { now, emit }))) throw noSecondFactor();
    const recoveryCodes = await issueRecoveryCodes(tx, userId, now);
    emit(recoveryCodesRenewed(userId, (await findUser(tx, userId))?.version ?? 0));
    return { recoveryCodes };
  });
}
