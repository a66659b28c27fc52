/** Takes the deletion of an organisation back, for its owners, as long as it is not gone. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { OrganizationRestoreInput } from "../../../../schema/generated/user.ts";
import type { Organization } from "../../domain/organization.ts";
import { organizationRestored } from "../../domain-events.ts";
import { OWN_ORGANIZATION } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { lockOrganization, setDeletion } from "../../store/organizations.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID` */
export async function restoreOrganization(
  services: UserServices,
  { identity, causation }: Person,
  input: OrganizationRestoreInput,
): Promise<CommandOutcome<Organization>> {
  const id = requireManagedOrganization(identity, input.id, OWN_ORGANIZATION, "id");
  return runCommand(services, { tenants: [id], causation }, async ({ tx, emit }) => {
    const organization = await lockOrganization(tx, id);
    if (organization === undefined) throw notFound("organisation", "id");
    const { status, deletesAt } = organization;
    if (status !== "DELETING" || deletesAt === null) {
      throw refuse("STATE_INVALID", "This organisation is not being deleted.", "id");
    }
    const now = services.clock.now();
    // Members may have been removed already.
    if (deletesAt <= now) throw refuse("STATE_INVALID", "It is too late: this organisation is going now.", "id");
    const restored = await setDeletion(tx, { id, deletesAt: null, now });
    emit(organizationRestored(restored));
    return restored;
  });
}
