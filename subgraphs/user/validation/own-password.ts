/** Checks that it is the owner of an account who asks, not whoever found the device unlocked. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { UserId } from "../domain/ids.ts";
import type { UserServices } from "../services.ts";
import { findPasswordHash } from "../store/users.ts";

/** @throws UserFailure `INVALID` for any password but the user's */
export async function requireOwnPassword(
  { database, passwords }: Pick<UserServices, "database" | "passwords">,
  userId: UserId,
  password: string,
): Promise<void> {
  if (await passwords.verify(password, await findPasswordHash(database.autocommit, userId))) return;
  throw refuse("INVALID", "The password is wrong.", "password");
}
