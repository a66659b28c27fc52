/**
 * What accepting an invitation is, whoever does it: an invitation that is good, to this address, by somebody who may
 * still invite, makes one membership. The transaction sees the organisation.
 */
import type { CommandScope } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { MembershipId } from "../../domain/ids.ts";
import type { Invitation } from "../../domain/invitation.ts";
import type { User } from "../../domain/user.ts";
import { invitationAccepted } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { MANAGE_MEMBERS } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { markInvitationAccepted } from "../../store/invitations.ts";
import { isMember } from "../../store/memberships.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { findRoles, mayNow } from "../../store/roles.ts";
import { findUser } from "../../store/users.ts";
import { invitationExpired } from "../../validation/invitation-tokens.ts";
import { requireSeatToTake } from "../../validation/seats.ts";
import { beginMembership } from "../memberships/begin-membership.ts";

/** @throws UserFailure `EXPIRED`, `FORBIDDEN`, `STATE_INVALID`, `LIMIT_REACHED` when all seats are taken */
export async function joinByInvitation(
  { clock, ids }: Pick<UserServices, "clock" | "ids">,
  scope: CommandScope<UserTransaction>,
  invitation: Invitation,
  { id: userId, email }: Pick<User, "id" | "email">,
): Promise<{ membershipId: MembershipId }> {
  const { tx, emit } = scope;
  const { organizationId } = invitation;
  const now = clock.now();
  if (email !== invitation.email) {
    throw refuse("FORBIDDEN", "This invitation is for another e-mail address: sign in with that one.", "token");
  }
  requireActive(await lockOrganization(tx, organizationId));
  if (!(await mayInviteNow(tx, invitation))) throw invitationExpired();
  if (await isMember(tx, organizationId, userId)) throw refuse("STATE_INVALID", "You are a member already.");
  await requireSeatToTake(tx, organizationId);
  if (!(await markInvitationAccepted(tx, invitation.id, now))) throw invitationExpired();
  const roles = await findRoles(tx, invitation.roleIds);
  emit(invitationAccepted(invitation, userId));
  const joining = { organizationId, userId, roles, founder: false, joinedAt: now };
  return { membershipId: await beginMembership({ ids }, scope, joining) };
}

/** Its right may have gone in another way than with the membership, which takes the invitation along. */
async function mayInviteNow(tx: UserTransaction, { invitedById, organizationId }: Invitation): Promise<boolean> {
  if (!(await mayNow(tx, invitedById, organizationId, MANAGE_MEMBERS))) return false;
  return (await findUser(tx, invitedById))?.status === "ACTIVE";
}
