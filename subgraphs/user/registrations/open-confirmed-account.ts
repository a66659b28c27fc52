/** Opens an account whose address was shown to be its owner's on the way: no mail has to confirm it. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { User } from "../domain/user.ts";
import { userRegistered } from "../domain-events.ts";
import type { UserTransaction } from "../store/database.ts";
import { insertUser, type NewUser, type ProfileCause } from "../store/users.ts";
import { confirmAddress } from "./confirm-address.ts";

export interface OpenedAccount extends NewUser {
  /** False: there is one with this address, which waits for a confirmation. */
  readonly isNew: boolean;
}

/** @returns `undefined` when somebody registered or confirmed the address meanwhile */
export async function openConfirmedAccount(
  scope: CommandScope<UserTransaction>,
  { isNew, ...user }: OpenedAccount,
  cause: ProfileCause,
): Promise<User | undefined> {
  const { id: userId, displayName, locale, passwordHash } = user;
  if (isNew) {
    if (!(await insertUser(scope.tx, user, cause))) return undefined;
    scope.emit(userRegistered(userId, cause.now));
  }
  return confirmAddress(scope, { userId, displayName, locale, passwordHash }, cause);
}
