/** Lets the organisation's people sign in as everybody else. Having none is no failure and no event. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { IdentityProviderRemoveInput } from "../../../../schema/generated/user.ts";
import { identityProviderRemoved } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { OWN_ORGANIZATION } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { deleteProvider, findProvider } from "../../store/identity-providers.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN` */
export async function removeIdentityProvider(
  services: UserServices,
  { identity, causation }: Person,
  input: IdentityProviderRemoveInput,
): Promise<CommandOutcome<{ readonly removed: boolean }>> {
  const organizationId = requireManagedOrganization(identity, input.organizationId, OWN_ORGANIZATION);
  return runCommand(services, { tenants: [organizationId], causation }, async ({ tx, emit }) => {
    requireActive(await lockOrganization(tx, organizationId));
    const provider = await findProvider(tx, organizationId);
    if (provider !== undefined) {
      await deleteProvider(tx, organizationId);
      emit(identityProviderRemoved(provider));
    }
    return { removed: true };
  });
}
