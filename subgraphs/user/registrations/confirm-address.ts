/**
 * Makes an account that waits for its address what its owner chose, once the address is shown to be theirs. What others
 * chose for it is forgotten.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { User } from "../domain/user.ts";
import { emailVerified } from "../domain-events.ts";
import type { UserTransaction } from "../store/database.ts";
import { deletePendingRegistrations } from "../store/pending-registrations.ts";
import { activateUser, type ChosenProfile, type ProfileCause } from "../store/users.ts";

/** @returns `undefined` when the account was not waiting for it */
export async function confirmAddress(
  { tx, emit }: CommandScope<UserTransaction>,
  chosen: ChosenProfile,
  cause: ProfileCause,
): Promise<User | undefined> {
  const activated = await activateUser(tx, chosen, cause);
  if (activated === undefined) return undefined;
  await deletePendingRegistrations(tx, chosen.userId);
  emit(emailVerified(chosen.userId, activated.version, cause.now));
  return activated;
}
