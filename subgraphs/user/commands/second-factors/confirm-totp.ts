/** Makes an authenticator app count that was shown to work, and gives the codes for the day on which it is lost. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { TotpConfirmInput } from "../../../../schema/generated/user.ts";
import { stepOfCode } from "../../credentials/totp.ts";
import { secondFactorEnabled } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { confirmSecondFactor, findSecondFactor, hasSecondFactor, takeStep } from "../../store/second-factors.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { issueRecoveryCodes } from "./issue-recovery-codes.ts";

export interface NewRecoveryCodes {
  /** Null where the account has codes already. */
  readonly recoveryCodes: string[] | null;
}

/** @throws UserFailure `STATE_INVALID`, `INVALID` */
export function confirmTotp(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { code }: TotpConfirmInput,
): Promise<CommandOutcome<NewRecoveryCodes>> {
  const { clock, textSeal } = services;
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    const factor = await findSecondFactor(tx, userId);
    if (factor === undefined || factor.confirmedAt !== null) {
      throw refuse("STATE_INVALID", "There is no app to confirm: set one up first.");
    }
    const now = clock.now();
    const step = stepOfCode(textSeal.open(factor.sealedSecret, userId), code, now);
    if (step === undefined) {
      throw refuse("INVALID", "This is not the code of the app: look at its account and your clock.", "code");
    }
    const isFirst = !(await hasSecondFactor(tx, userId));
    await takeStep(tx, userId, step);
    await confirmSecondFactor(tx, userId, now);
    const recoveryCodes = isFirst ? await issueRecoveryCodes(tx, userId, now) : null;
    emit(secondFactorEnabled(userId, (await findUser(tx, userId))?.version ?? 0));
    return { recoveryCodes };
  });
}
