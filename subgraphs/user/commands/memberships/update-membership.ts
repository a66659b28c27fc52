/**
 * Sets the roles of a member. The organisation is held meanwhile, so that two changes cannot take away its last owner
 * together. Nobody gives or takes a role that allows more than their own ones. Open invitations of somebody who may no
 * longer invite are taken back.
 */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound, requirePermission } from "../../../../platform/errors/refusals.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { MembershipUpdateInput } from "../../../../schema/generated/user.ts";
import { MembershipId } from "../../domain/ids.ts";
import { invitationRevoked, membershipUpdated } from "../../domain-events.ts";
import { lastOwnerFailure, requireActive } from "../../errors.ts";
import { MANAGE_MEMBERS, OWNER } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { revokeInvitations } from "../../store/invitations.ts";
import { findMembership, isLastOwner, setMembershipRoles } from "../../store/memberships.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { findRolesOfMemberships } from "../../store/roles.ts";
import { requireGivable } from "../../validation/permissions.ts";
import { requireRoleIds, requireRoles } from "../../validation/roles.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `TOO_LONG`, `STATE_INVALID` */
export async function updateMembership(
  services: UserServices,
  { identity, causation }: Actor,
  input: MembershipUpdateInput,
): Promise<CommandOutcome<{ membershipId: MembershipId }>> {
  const missing = notFound("membership", "id");
  const id = MembershipId.from(input.id);
  if (id === undefined) throw missing;
  const roleIds = requireRoleIds(input.roleIds);
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const seen = await findMembership(tx, id);
    if (seen === undefined) throw missing;
    const { organizationId } = seen;
    requirePermission(identity, organizationId, MANAGE_MEMBERS, missing);
    requireActive(await lockOrganization(tx, organizationId));
    // Again: somebody may have removed it while we waited.
    const membership = await findMembership(tx, id);
    if (membership === undefined) throw missing;
    const to = await requireRoles(tx, organizationId, roleIds);
    const from = (await findRolesOfMemberships(tx, [id])).get(id) ?? [];
    requireGivable(identity, organizationId, [...from, ...to], "roleIds");
    const remainsOwner = to.some((role) => role.builtIn && role.name === OWNER);
    if (!remainsOwner && (await isLastOwner(tx, membership))) throw lastOwnerFailure();
    const roles = to.map((role) => role.id);
    const version = await setMembershipRoles(tx, membership, roles);
    emit(membershipUpdated({ ...membership, version }, { from, to }));
    if (!to.some(({ permissions }) => permissions.includes(MANAGE_MEMBERS))) {
      const theirs = { organizationId, invitedById: membership.userId };
      for (const invitation of await revokeInvitations(tx, theirs, services.clock.now())) {
        emit(invitationRevoked(invitation, "inviter_demoted"));
      }
    }
    return { membershipId: id };
  });
}
