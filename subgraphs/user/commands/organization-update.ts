/** Renames an organisation, unless somebody else changed it since it was read. */
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { constraints } from "../../../schema/constraints.ts";
import type { OrganizationUpdateInput } from "../../../schema/generated/user.ts";
import { notFound, requirePermission } from "../errors.ts";
import { MANAGE_ORGANIZATION } from "../policies.ts";
import type { Actor, UserServices } from "../services.ts";
import { type OrganizationRow, renameOrganization } from "../store/organizations.ts";
import { requireLine } from "../validation.ts";

export async function updateOrganization(
  services: UserServices,
  { identity, causation }: Actor,
  { id, expectedVersion, name: newName }: OrganizationUpdateInput,
): Promise<CommandOutcome<OrganizationRow>> {
  requirePermission(identity, id, MANAGE_ORGANIZATION, notFound("organisation", "id"));
  const name = requireLine(newName ?? "", constraints.organizationName, "The name", "name");
  return runCommand(services, { tenants: [id], causation }, async ({ tx, emit }) => {
    const organization = await renameOrganization(tx, { id, expectedVersion, name, now: services.clock.now() });
    if (organization === undefined) {
      throw refuse(
        "VERSION_CONFLICT",
        "The organisation was changed since you read it: read it again.",
        "expectedVersion",
      );
    }
    emit({
      type: "user.organization.updated.v1",
      subject: id,
      aggregateVersion: organization.version,
      key: id,
      organizationId: id,
      data: { organizationId: id, name },
    });
    return organization;
  });
}
