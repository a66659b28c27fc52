/** Sets the roles of a member. The organisation is held meanwhile, so that two changes cannot take away its last owner together. */
import { tenantsOf } from "../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { refuse, type UserFailure } from "../../../platform/errors/user-failure.ts";
import type { MembershipUpdateInput } from "../../../schema/generated/user.ts";
import { notFound, requireActive, requirePermission } from "../errors.ts";
import { MANAGE_MEMBERS, OWNER } from "../policies.ts";
import { requireRoles } from "../role-choice.ts";
import type { Actor, UserServices } from "../services.ts";
import { findMembership, findRolesOfMemberships, isLastOwner, setMembershipRoles } from "../store/memberships.ts";
import { lockOrganization } from "../store/organizations.ts";

export function lastOwnerStays(): UserFailure {
  return refuse("STATE_INVALID", "This is the last owner: make somebody else an owner first.", "id");
}

export async function updateMembership(
  services: UserServices,
  { identity, causation }: Actor,
  { id, roleIds }: MembershipUpdateInput,
): Promise<CommandOutcome<{ membershipId: string }>> {
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const seen = await findMembership(tx, id);
    if (seen === undefined) throw notFound("membership", "id");
    const { organizationId, userId } = seen;
    requirePermission(identity, organizationId, MANAGE_MEMBERS, notFound("membership", "id"));
    requireActive(await lockOrganization(tx, organizationId));
    // Again: somebody may have removed it while we waited.
    const found = await findMembership(tx, id);
    if (found === undefined) throw notFound("membership", "id");
    const roles = await requireRoles(tx, organizationId, roleIds);
    const before = (await findRolesOfMemberships(tx, [id])).get(id) ?? [];
    const remainsOwner = roles.some((role) => role.builtIn && role.name === OWNER);
    if (!remainsOwner && (await isLastOwner(tx, found))) throw lastOwnerStays();
    const version = await setMembershipRoles(
      tx,
      found,
      roles.map((role) => role.id),
    );
    emit({
      type: "user.membership.updated.v1",
      subject: id,
      aggregateVersion: version,
      key: organizationId,
      organizationId,
      data: {
        membershipId: id,
        organizationId,
        userId,
        fromRoles: before.map(({ name }) => name),
        toRoles: roles.map(({ name }) => name),
      },
    });
    return { membershipId: id };
  });
}
