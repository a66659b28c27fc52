/** An organisation's provider, and how we are known there. */
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { IdentityProvider } from "../domain/identity-provider.ts";
import type { OrganizationId } from "../domain/ids.ts";
import type { UserServices } from "../services.ts";
import { findProvider } from "../store/identity-providers.ts";
import type { ProviderClient } from "./open-id-provider.ts";

export function findProviderOf(
  { database }: Pick<UserServices, "database">,
  organizationId: OrganizationId,
): Promise<IdentityProvider | undefined> {
  return inTenants(database, [organizationId], (tx) => findProvider(tx, organizationId));
}

export function providerClient(
  { providerSeal }: Pick<UserServices, "providerSeal">,
  { organizationId, issuer, clientId, sealedSecret }: IdentityProvider,
): ProviderClient {
  return { issuer, clientId, clientSecret: providerSeal.open(sealedSecret, organizationId) };
}
