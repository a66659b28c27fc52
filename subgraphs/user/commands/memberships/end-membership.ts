/** Ends a membership, and with it what its member may no longer answer for: their open invitations. */
import type { CommandScope } from "../../../../platform/database/command.ts";
import type { Membership } from "../../domain/membership.ts";
import { invitationRevoked, membershipRemoved } from "../../domain-events.ts";
import type { UserTransaction } from "../../store/database.ts";
import { revokeInvitations } from "../../store/invitations.ts";
import { deleteMembership } from "../../store/memberships.ts";

/** The transaction holds the organisation. */
export async function endMembership(
  { tx, emit }: CommandScope<UserTransaction>,
  membership: Membership,
  now: Date,
): Promise<void> {
  const { id, organizationId, userId } = membership;
  await deleteMembership(tx, id);
  emit(membershipRemoved(membership));
  for (const invitation of await revokeInvitations(tx, { organizationId, invitedById: userId }, now)) {
    emit(invitationRevoked(invitation, "inviter_removed"));
  }
}
