import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { readable } from "../policies.ts";

export const organization: ResolversOf<"Organization", BillingContext, BillingParents> = {
  // Whether it exists is the user subgraph's to say; here its fields check what the viewer may do there.
  billingAccount: async ({ id }, _args, { loaders, request }) =>
    readable(request.identity, await loaders.accountsByOrganization.load(id)),
};
