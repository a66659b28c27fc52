/**
 * Sees that there is an account with an address that a provider confirmed. What others chose for it meanwhile is
 * forgotten. It has no password until its owner chooses one by the link of a mail.
 */
import { randomBytes } from "node:crypto";
import type { CommandScope } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { UserId } from "../../domain/ids.ts";
import { emailVerified, userRegistered } from "../../domain-events.ts";
import { accountSuspended } from "../../errors.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { deletePendingRegistrations } from "../../store/pending-registrations.ts";
import { activateUser, findUser, insertUser, type ProfileCause } from "../../store/users.ts";
import { displayNameFrom } from "../../validation/text.ts";

export interface ConfirmedUser {
  readonly id: UserId;
  readonly email: string;
  /** As the provider calls them. */
  readonly displayName: string | undefined;
}

/** @throws UserFailure `STATE_INVALID` when somebody registered the address just now, or the account is suspended */
export async function openProviderAccount(
  { passwords }: Pick<UserServices, "passwords">,
  { tx, emit }: CommandScope<UserTransaction>,
  { id, email, displayName: called }: ConfirmedUser,
  cause: ProfileCause,
): Promise<void> {
  const existing = await findUser(tx, id);
  if (existing?.status === "ACTIVE") return;
  if (existing !== undefined && existing.status !== "PENDING_VERIFICATION") {
    throw accountSuspended("query");
  }
  const displayName = displayNameFrom(called ?? "", email);
  // Nobody knows it.
  const passwordHash = await passwords.hash(randomBytes(32).toString("base64url"));
  if (existing === undefined) {
    if (!(await insertUser(tx, { id, email, displayName, passwordHash }, cause))) {
      throw refuse("STATE_INVALID", "This address was registered just now: begin again.", "query");
    }
    emit(userRegistered(id, cause.now));
  }
  const activated = await activateUser(tx, { userId: id, displayName, passwordHash }, cause);
  if (activated === undefined)
    throw refuse("STATE_INVALID", "This address was confirmed just now: begin again.", "query");
  await deletePendingRegistrations(tx, id);
  emit(emailVerified(id, activated.version, cause.now));
}
