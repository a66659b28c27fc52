/**
 * Opens an account with the token from an invitation's mail, and joins with it. The token came to the invited address
 * and nowhere else, so it proves the address as a verification link does. What others chose for an account with this
 * address meanwhile is forgotten.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { refuse, UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { InvitationRegisterInput } from "../../../../schema/generated/user.ts";
import { passwordErrors } from "../../credentials/passwords.ts";
import type { OrganizationId } from "../../domain/ids.ts";
import { openConfirmedAccount } from "../../registrations/open-confirmed-account.ts";
import type { UserServices } from "../../services.ts";
import { findUserByEmail } from "../../store/users.ts";
import { requireInvitationToken, requireOpenInvitation } from "../../validation/invitation-tokens.ts";
import { requireLocaleOrNone } from "../../validation/locale.ts";
import { requireDisplayName } from "../../validation/text.ts";
import { joinByInvitation } from "./join-by-invitation.ts";

export interface JoinedAsNewUser {
  /** The address to sign in with. */
  readonly email: string;
  readonly organizationId: OrganizationId;
}

/** @throws UserFailure `EXPIRED`, `BLANK`, `TOO_LONG`, `INVALID`, `TAKEN`, `FORBIDDEN`, `LIMIT_REACHED` */
export async function registerByInvitation(
  services: UserServices,
  { causation }: Cause,
  { token, password, ...input }: InvitationRegisterInput,
): Promise<CommandOutcome<JoinedAsNewUser>> {
  const { database, clock, ids, passwords } = services;
  const { organizationId, hash } = requireInvitationToken(token);
  const displayName = requireDisplayName(input.displayName);
  const locale = requireLocaleOrNone(input.locale);
  const { email } = await inTenants(database, [organizationId], (tx) => requireOpenInvitation(tx, hash, clock.now()));
  const errors = passwordErrors(password, [email, displayName]);
  if (errors.length > 0) throw new UserFailure(errors);
  const existing = await findUserByEmail(database.autocommit, email);
  if (existing !== undefined && existing.status !== "PENDING_VERIFICATION") throw accountExists();
  const passwordHash = await passwords.hash(password);
  const isNew = existing === undefined;
  const user = { id: existing?.id ?? ids.next("usr"), email, displayName, locale, passwordHash, isNew };
  return runCommand(services, { tenants: [user.id, organizationId], causation }, async (scope) => {
    const now = clock.now();
    const invitation = await requireOpenInvitation(scope.tx, hash, now);
    const account = await openConfirmedAccount(scope, user, { causation, now });
    if (account === undefined) throw accountExists();
    await joinByInvitation(services, scope, invitation, account);
    return { email, organizationId };
  });
}

const accountExists = () => refuse("TAKEN", "There is an account with this address: sign in to accept.", "token");
