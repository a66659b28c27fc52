import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { readable } from "../policies.ts";
import { present } from "../present.ts";

export const billingSubscription: ResolversOf<"BillingSubscription", BillingContext, BillingParents> = {
  __resolveReference: async ({ id }, { loaders, request }) =>
    readable(request.identity, await loaders.subscriptions.load(id)),
  account: async ({ accountId }, _args, { loaders }) => present(await loaders.accounts.load(accountId)),
  plan: async ({ planId }, _args, { loaders }) => present(await loaders.plans.load(planId)),
};
