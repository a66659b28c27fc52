/**
 * Deletes an organisation, for its owners. At once nobody works in it any more; it is gone for good when the grace is
 * over (deletion/finish-deletion.ts). One that is being deleted already is no failure and no event.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { OrganizationDeleteInput } from "../../../../schema/generated/user.ts";
import type { Organization } from "../../domain/organization.ts";
import { deletionScheduled } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { OWN_ORGANIZATION } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { lockOrganization, setDeletion } from "../../store/organizations.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID` */
export async function deleteOrganization(
  services: UserServices,
  { identity, causation }: Person,
  input: OrganizationDeleteInput,
): Promise<CommandOutcome<Organization>> {
  const id = requireManagedOrganization(identity, input.id, OWN_ORGANIZATION, "id");
  return runCommand(services, { tenants: [id], causation }, async ({ tx, emit }) => {
    const organization = await lockOrganization(tx, id);
    if (organization === undefined) throw notFound("organisation", "id");
    if (organization.status === "DELETING") return organization;
    requireActive(organization);
    if (organization.status === "PROVISIONING") {
      throw refuse("STATE_INVALID", "This organisation is being set up: try again when it is.", "id");
    }
    if (input.confirmSlug !== organization.slug) {
      throw refuse("INVALID", "This is not the organisation's slug.", "confirmSlug");
    }
    const now = services.clock.now();
    const deletesAt = new Date(now.getTime() + services.deletionGraceMs);
    const deleted = await setDeletion(tx, { id, deletesAt, now });
    emit(deletionScheduled(deleted, deletesAt));
    return deleted;
  });
}
