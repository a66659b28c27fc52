/** Joins an organisation with the token from the mail. The token is not enough: the viewer's address must be the invited one. */
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { InvitationAcceptInput } from "../../../schema/generated/user.ts";
import { requireActive } from "../errors.ts";
import { parseToken } from "../opaque-token.ts";
import type { Actor, UserServices } from "../services.ts";
import { acceptInvitation, findInvitationByToken } from "../store/invitations.ts";
import { insertMembership, isMember } from "../store/memberships.ts";
import { findRoles, lockOrganization } from "../store/organizations.ts";
import { findUser } from "../store/users.ts";

export async function joinByInvitation(
  services: UserServices,
  { identity: { userId }, causation }: Actor,
  { token }: InvitationAcceptInput,
): Promise<CommandOutcome<{ membershipId: string }>> {
  const expired = refuse("EXPIRED", "This invitation is no longer valid: ask for a new one.", "token");
  const parsed = parseToken("invitation", token);
  if (parsed === undefined) throw expired;
  const { ownerId: organizationId, hash } = parsed;
  const { clock, ids } = services;
  return runCommand(services, { tenants: [userId, organizationId], causation }, async ({ tx, emit }) => {
    const now = clock.now();
    const invitation = await findInvitationByToken(tx, hash);
    if (invitation === undefined || invitation.expiresAt <= now) throw expired;
    const user = await findUser(tx, userId);
    if (user?.email !== invitation.email) {
      throw refuse("FORBIDDEN", "This invitation is for another e-mail address: sign in with that one.", "token");
    }
    requireActive(await lockOrganization(tx, organizationId));
    if (await isMember(tx, organizationId, userId)) throw refuse("STATE_INVALID", "You are a member already.");
    if (!(await acceptInvitation(tx, invitation.id, now))) throw expired;
    const roles = await findRoles(tx, invitation.roleIds);
    const membershipId = ids.next("mem");
    const roleIds = roles.map(({ id }) => id);
    await insertMembership(tx, { id: membershipId, organizationId, userId, founder: false, joinedAt: now, roleIds });
    const event = { key: organizationId, organizationId };
    emit({
      ...event,
      type: "user.invitation.accepted.v1",
      subject: invitation.id,
      aggregateVersion: invitation.version + 1,
      data: { invitationId: invitation.id, organizationId, userId },
    });
    emit({
      ...event,
      type: "user.membership.created.v1",
      subject: membershipId,
      aggregateVersion: 1,
      data: { membershipId, organizationId, userId, roles: roles.map(({ name }) => name) },
    });
    return { membershipId };
  });
}
