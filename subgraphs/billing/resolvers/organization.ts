import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { entitlementsAt, findEntitlement } from "../domain/entitlement.ts";

export const organization: ResolversOf<"Organization", BillingContext, BillingParents> = {
  // Whether it exists is the user subgraph's to say; here its fields check what the viewer may do there.
  billingAccount: ({ id }, _args, { loaders }) => loadById(OrganizationId, id, loaders.accountOfOrganization),
  async entitlements({ id }, _args, { loaders, services }) {
    const standing = await loadById(OrganizationId, id, loaders.standing);
    return standing === null ? [] : entitlementsAt(standing, services.clock.now());
  },
  async entitlement({ id }, { key }, { loaders, services }) {
    const standing = await loadById(OrganizationId, id, loaders.standing);
    return (standing && findEntitlement(standing, key, services.clock.now())) ?? null;
  },
};
