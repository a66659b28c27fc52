/** Sets up an authenticator app. It counts for nothing until it was shown to work, so nobody locks themselves out. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { TotpEnrollInput } from "../../../../schema/generated/user.ts";
import { newTotpSecret, totpUri } from "../../credentials/totp.ts";
import type { UserServices } from "../../services.ts";
import { findSecondFactor, putSecondFactor } from "../../store/second-factors.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { requireOwnPassword } from "../../validation/own-password.ts";

export interface EnrolledTotp {
  /** In Base32. */
  readonly secret: string;
  readonly uri: string;
}

/** @throws UserFailure `INVALID`, `STATE_INVALID` */
export async function enrollTotp(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { password }: TotpEnrollInput,
): Promise<CommandOutcome<EnrolledTotp>> {
  await requireOwnPassword(services, userId, password);
  const secret = newTotpSecret();
  return runCommand(services, { tenants: [userId], causation }, async ({ tx }) => {
    await lockUser(tx, userId);
    if ((await findSecondFactor(tx, userId))?.confirmedAt != null) {
      throw refuse("STATE_INVALID", "Your account has an authenticator app: remove that first.");
    }
    const sealedSecret = services.textSeal.seal(secret, userId);
    await putSecondFactor(tx, { userId, sealedSecret, createdAt: services.clock.now() });
    return { secret, uri: totpUri(secret, (await findUser(tx, userId))?.email ?? userId) };
  });
}
