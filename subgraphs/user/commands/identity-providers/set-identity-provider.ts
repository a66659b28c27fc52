/**
 * Says where the organisation's people sign in. The provider is asked first whether it is one; its client secret is
 * sealed, and never told again.
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { IdentityProviderSetInput } from "../../../../schema/generated/user.ts";
import type { IdentityProvider } from "../../domain/identity-provider.ts";
import { identityProviderSet } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { OWN_ORGANIZATION } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { putProvider } from "../../store/identity-providers.ts";
import { findDomainsOf } from "../../store/organization-domains.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { requireClientId, requireClientSecret, requireIssuer } from "../../validation/identity-providers.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `INVALID`, `TOO_LONG`, `STATE_INVALID` */
export async function setIdentityProvider(
  services: UserServices,
  { identity, causation }: Person,
  input: IdentityProviderSetInput,
): Promise<CommandOutcome<IdentityProvider>> {
  const { providers, providerSeal, clock } = services;
  const organizationId = requireManagedOrganization(identity, input.organizationId, OWN_ORGANIZATION);
  const issuer = requireIssuer(input.issuer, services.allowPrivateProviders);
  const clientId = requireClientId(input.clientId);
  const clientSecret = requireClientSecret(input.clientSecret);
  await providers.check({ issuer, clientId, clientSecret }).catch(() => {
    throw refuse("INVALID", "No identity provider answers at this address.", "issuer");
  });
  return runCommand(services, { tenants: [organizationId], causation }, async ({ tx, emit }) => {
    requireActive(await lockOrganization(tx, organizationId));
    if (!(await findDomainsOf(tx, organizationId)).some(({ verifiedAt }) => verifiedAt !== null)) {
      throw refuse("STATE_INVALID", "Show first that a domain is the organisation's: its provider speaks for that.");
    }
    const provider = await putProvider(tx, {
      ...{ organizationId, issuer, clientId, enforced: input.enforced },
      sealedSecret: providerSeal.seal(clientSecret, organizationId),
      updatedAt: clock.now(),
    });
    emit(identityProviderSet(provider));
    return provider;
  });
}
