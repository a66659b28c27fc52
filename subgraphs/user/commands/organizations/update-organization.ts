/** Renames an organisation, unless somebody else changed it since it was read. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound, requirePermission } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { OrganizationUpdateInput } from "../../../../schema/generated/user.ts";
import { OrganizationId } from "../../domain/ids.ts";
import type { Organization } from "../../domain/organization.ts";
import { organizationUpdated } from "../../domain-events.ts";
import { MANAGE_ORGANIZATION } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { renameOrganization } from "../../store/organizations.ts";
import { requireOrganizationName } from "../../validation/text.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `INVALID`, `TOO_LONG`, `VERSION_CONFLICT` */
export async function updateOrganization(
  services: UserServices,
  { identity, causation }: Actor,
  { expectedVersion, ...input }: OrganizationUpdateInput,
): Promise<CommandOutcome<Organization>> {
  const missing = notFound("organisation", "id");
  const id = OrganizationId.from(input.id);
  if (id === undefined) throw missing;
  requirePermission(identity, id, MANAGE_ORGANIZATION, missing);
  const name = requireOrganizationName(input.name ?? "");
  return runCommand(services, { tenants: [id], causation }, async ({ tx, emit }) => {
    const organization = await renameOrganization(tx, { id, expectedVersion, name, now: services.clock.now() });
    if (organization === undefined) {
      throw refuse(
        "VERSION_CONFLICT",
        "The organisation was changed since you read it: read it again.",
        "expectedVersion",
      );
    }
    emit(organizationUpdated(organization));
    return organization;
  });
}
