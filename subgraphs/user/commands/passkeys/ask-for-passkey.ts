/** Asks the user's authenticators to sign a new challenge, to prove who is there. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import { requestOptions } from "../../credentials/passkeys.ts";
import type { UserId } from "../../domain/ids.ts";
import type { UserServices } from "../../services.ts";
import { findPasskeys, insertChallenge } from "../../store/passkeys.ts";

/** What `navigator.credentials.get` takes, as JSON; null: the account has no passkey. */
export interface PasskeyRequest {
  readonly options: object | null;
}

export function askForPasskey(
  services: UserServices,
  { causation }: Pick<Cause, "causation">,
  userId: UserId,
): Promise<CommandOutcome<PasskeyRequest>> {
  return runCommand(services, { tenants: [userId], causation }, async ({ tx }) => {
    const passkeys = await findPasskeys(tx, userId);
    if (passkeys.length === 0) return { options: null };
    const options = await requestOptions(services.relyingParty, passkeys);
    await insertChallenge(tx, { challenge: options.challenge, userId, purpose: "PROVE" }, services.clock.now());
    return { options };
  });
}
