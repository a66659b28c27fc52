/**
 * Sees that there is an account with an address that a provider confirmed. What others chose for it meanwhile is
 * forgotten.
 */
import type { CommandScope } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import { accountSuspended } from "../../errors.ts";
import { openConfirmedAccount } from "../../registrations/open-confirmed-account.ts";
import type { UserTransaction } from "../../store/database.ts";
import { findUser, type NewUser, type ProfileCause } from "../../store/users.ts";

/** @throws UserFailure `STATE_INVALID` when somebody registered the address just now, or the account is suspended */
export async function openProviderAccount(
  scope: CommandScope<UserTransaction>,
  user: NewUser,
  cause: ProfileCause,
): Promise<void> {
  const existing = await findUser(scope.tx, user.id);
  if (existing?.status === "ACTIVE") return;
  if (existing !== undefined && existing.status !== "PENDING_VERIFICATION") throw accountSuspended("query");
  const opened = await openConfirmedAccount(scope, { ...user, isNew: existing === undefined }, cause);
  if (opened === undefined)
    throw refuse("STATE_INVALID", "This address was registered just now: begin again.", "query");
}
