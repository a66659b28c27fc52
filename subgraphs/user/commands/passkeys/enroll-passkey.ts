/**
 * Makes a passkey count that an authenticator made for the viewer. With an account's first factor come recovery codes,
 * for the day on which it is lost.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { isUniqueViolation } from "../../../../platform/database/unique-violation.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { PasskeyEnrollInput } from "../../../../schema/generated/user.ts";
import { readCreation } from "../../credentials/passkeys.ts";
import type { Passkey } from "../../domain/passkey.ts";
import { passkeyAdded } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { insertPasskey, takeChallenge } from "../../store/passkeys.ts";
import { hasSecondFactor } from "../../store/second-factors.ts";
import { lockUser } from "../../store/users.ts";
import { requirePasskeyName } from "../../validation/text.ts";
import { issueRecoveryCodes } from "../second-factors/issue-recovery-codes.ts";

export interface EnrolledPasskey {
  readonly passkey: Passkey | null;
  /** Null where the account has codes already. */
  readonly recoveryCodes: string[] | null;
}

/** @throws UserFailure `BLANK`, `TOO_LONG`, `INVALID` */
export async function enrollPasskey(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { name, response }: PasskeyEnrollInput,
): Promise<CommandOutcome<EnrolledPasskey>> {
  const called = requirePasskeyName(name);
  const notGood = refuse(
    "INVALID",
    "The authenticator's answer is not good, or it took too long: try again.",
    "response",
  );
  const signed = await readCreation(services.relyingParty, response);
  if (signed === undefined) throw notGood;
  const { challenge, what: credential } = signed;
  try {
    return await runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
      await lockUser(tx, userId);
      const now = services.clock.now();
      if (!(await takeChallenge(tx, { challenge, userId, purpose: "ENROLL" }, now))) throw notGood;
      const isFirst = !(await hasSecondFactor(tx, userId));
      const passkey = { id: services.ids.next("psk"), userId, ...credential, name: called, createdAt: now };
      await insertPasskey(tx, passkey);
      const recoveryCodes = isFirst ? await issueRecoveryCodes(tx, userId, now) : null;
      emit(passkeyAdded(passkey));
      return { passkey: { ...passkey, lastUsedAt: null }, recoveryCodes };
    });
  } catch (error) {
    throw isUniqueViolation(error) ? notGood : error;
  }
}
