/** Removes a member, or lets one leave. An organisation keeps at least one owner. */
import { tenantsOf } from "../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import type { MembershipRemoveInput } from "../../../schema/generated/user.ts";
import { notFound, requireActive, requirePermission } from "../errors.ts";
import { canReadOrganization, canRemoveMembership, MANAGE_MEMBERS } from "../policies.ts";
import type { Actor, UserServices } from "../services.ts";
import { deleteMembership, findMembership, isLastOwner } from "../store/memberships.ts";
import { lockOrganization } from "../store/organizations.ts";
import { lastOwnerStays } from "./membership-update.ts";

export async function removeMembership(
  services: UserServices,
  { identity, causation }: Actor,
  { id }: MembershipRemoveInput,
): Promise<CommandOutcome<{ removedId: string }>> {
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const seen = await findMembership(tx, id);
    if (seen === undefined || !canReadOrganization(identity, seen.organizationId)) throw notFound("membership", "id");
    const { organizationId } = seen;
    if (!canRemoveMembership(identity, seen)) {
      requirePermission(identity, organizationId, MANAGE_MEMBERS, notFound("membership", "id"));
    }
    requireActive(await lockOrganization(tx, organizationId));
    // Again: somebody may have removed it while we waited.
    const membership = await findMembership(tx, id);
    if (membership === undefined) throw notFound("membership", "id");
    if (await isLastOwner(tx, membership)) throw lastOwnerStays();
    await deleteMembership(tx, id);
    emit({
      type: "user.membership.removed.v1",
      subject: id,
      aggregateVersion: membership.version + 1,
      key: organizationId,
      organizationId,
      data: { membershipId: id, organizationId, userId: membership.userId },
    });
    return { removedId: id };
  });
}
