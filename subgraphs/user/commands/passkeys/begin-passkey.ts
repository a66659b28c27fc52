/** Asks an authenticator for a new key pair. It counts for nothing until it is enrolled. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { PasskeyBeginInput } from "../../../../schema/generated/user.ts";
import { creationOptions } from "../../credentials/passkeys.ts";
import { MAX_PASSKEYS } from "../../domain/passkey.ts";
import type { UserServices } from "../../services.ts";
import { findPasskeys, insertChallenge } from "../../store/passkeys.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { requireOwnPassword } from "../../validation/own-password.ts";

/** @throws UserFailure `INVALID`, `STATE_INVALID`, `LIMIT_REACHED` */
export async function beginPasskey(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { password }: PasskeyBeginInput,
): Promise<CommandOutcome<{ readonly options: object | null }>> {
  await requireOwnPassword(services, userId, password);
  const { clock, relyingParty } = services;
  return runCommand(services, { tenants: [userId], causation }, async ({ tx }) => {
    await lockUser(tx, userId);
    const user = await findUser(tx, userId);
    if (user === undefined) throw refuse("STATE_INVALID", "This account is not active.");
    const existing = await findPasskeys(tx, userId);
    if (existing.length >= MAX_PASSKEYS) {
      throw refuse("LIMIT_REACHED", `An account has at most ${MAX_PASSKEYS} passkeys: remove one first.`);
    }
    const options = await creationOptions(relyingParty, user, existing);
    await insertChallenge(tx, { challenge: options.challenge, userId, purpose: "ENROLL" }, clock.now());
    return { options };
  });
}
