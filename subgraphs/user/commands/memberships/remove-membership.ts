/** Removes a member, or lets one leave. Their open invitations go with them. An organisation keeps an owner. */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound, requirePermission } from "../../../../platform/errors/refusals.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { MembershipRemoveInput } from "../../../../schema/generated/user.ts";
import { MembershipId } from "../../domain/ids.ts";
import { lastOwnerFailure, requireActive } from "../../errors.ts";
import { canReadOrganization, canRemoveMembership, isSelf, MANAGE_MEMBERS } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { findMembership, isLastOwner } from "../../store/memberships.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { findRolesOfMemberships } from "../../store/roles.ts";
import { requireGivable } from "../../validation/permissions.ts";
import { endMembership } from "./end-membership.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID` */
export async function removeMembership(
  services: UserServices,
  { identity, causation }: Actor,
  input: MembershipRemoveInput,
): Promise<CommandOutcome<{ removedId: MembershipId }>> {
  const missing = notFound("membership", "id");
  const id = MembershipId.from(input.id);
  if (id === undefined) throw missing;
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async (scope) => {
    const { tx } = scope;
    const seen = await findMembership(tx, id);
    if (seen === undefined || !canReadOrganization(identity, seen.organizationId)) throw missing;
    const { organizationId } = seen;
    if (!canRemoveMembership(identity, seen)) requirePermission(identity, organizationId, MANAGE_MEMBERS, missing);
    requireActive(await lockOrganization(tx, organizationId));
    // Again: somebody may have removed it while we waited.
    const membership = await findMembership(tx, id);
    if (membership === undefined) throw missing;
    if (!isSelf(identity, membership.userId)) {
      const roles = (await findRolesOfMemberships(tx, [id])).get(id) ?? [];
      requireGivable(identity, organizationId, roles, "id");
    }
    if (await isLastOwner(tx, membership)) throw lastOwnerFailure();
    await endMembership(scope, membership, services.clock.now());
    return { removedId: id };
  });
}
