import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { SubscriptionId } from "../domain/ids.ts";

export const billingSubscription: ResolversOf<"BillingSubscription", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(SubscriptionId, id, loaders.subscription),
  account: async ({ accountId }, _args, { loaders }) =>
    required(await loaders.account.load(accountId), "billing account"),
  plan: async ({ planId }, _args, { loaders }) => required(await loaders.plan.load(planId), "plan"),
};
