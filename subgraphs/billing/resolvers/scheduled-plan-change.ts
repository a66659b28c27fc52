import { required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";

export const scheduledPlanChange: ResolversOf<"ScheduledPlanChange", BillingContext, BillingParents> = {
  plan: async ({ planId }, _args, { loaders }) => required(await loaders.plan.load(planId), "plan"),
};
