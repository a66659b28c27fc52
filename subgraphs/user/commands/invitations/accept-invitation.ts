/**
 * Joins an organisation with the token from the mail. The token is not enough: the viewer's address must be the invited
 * one, and whoever invited must still be one who may.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { InvitationAcceptInput } from "../../../../schema/generated/user.ts";
import { INVITATION_TOKEN, parseToken } from "../../credentials/opaque-token.ts";
import type { MembershipId } from "../../domain/ids.ts";
import type { Invitation } from "../../domain/invitation.ts";
import { invitationAccepted, membershipCreated } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { MANAGE_MEMBERS } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { findInvitationByToken, markInvitationAccepted } from "../../store/invitations.ts";
import { insertMembership, isMember } from "../../store/memberships.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { findRoles, mayNow } from "../../store/roles.ts";
import { findUser } from "../../store/users.ts";

/** @throws UserFailure `EXPIRED`, `FORBIDDEN`, `STATE_INVALID` */
export async function acceptInvitation(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { token }: InvitationAcceptInput,
): Promise<CommandOutcome<{ membershipId: MembershipId }>> {
  const expired = refuse("EXPIRED", "This invitation is no longer valid: ask for a new one.", "token");
  const parsed = parseToken(INVITATION_TOKEN, token);
  if (parsed === undefined) throw expired;
  const { ownerId: organizationId, hash } = parsed;
  const { clock, ids } = services;
  return runCommand(services, { tenants: [userId, organizationId], causation }, async ({ tx, emit }) => {
    const now = clock.now();
    const invitation = await findInvitationByToken(tx, hash);
    if (invitation === undefined || invitation.expiresAt <= now || invitation.revokedAt !== null) throw expired;
    const user = await findUser(tx, userId);
    if (user?.email !== invitation.email) {
      throw refuse("FORBIDDEN", "This invitation is for another e-mail address: sign in with that one.", "token");
    }
    requireActive(await lockOrganization(tx, organizationId));
    if (!(await mayInviteNow(tx, invitation))) throw expired;
    if (await isMember(tx, organizationId, userId)) throw refuse("STATE_INVALID", "You are a member already.");
    if (!(await markInvitationAccepted(tx, invitation.id, now))) throw expired;
    const roles = await findRoles(tx, invitation.roleIds);
    const member = { id: ids.next("mem"), organizationId, userId };
    const roleIds = roles.map(({ id }) => id);
    await insertMembership(tx, { ...member, founder: false, joinedAt: now, roleIds });
    emit(invitationAccepted(invitation, userId));
    emit(membershipCreated(member, roles));
    return { membershipId: member.id };
  });
}

/** Its right may have gone in another way than with the membership, which takes the invitation along. */
async function mayInviteNow(tx: UserTransaction, { invitedById, organizationId }: Invitation): Promise<boolean> {
  if (!(await mayNow(tx, invitedById, organizationId, MANAGE_MEMBERS))) return false;
  return (await findUser(tx, invitedById))?.status === "ACTIVE";
}
