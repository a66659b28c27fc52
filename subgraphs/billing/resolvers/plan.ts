import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../money.ts";

export const plan: ResolversOf<"Plan", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loaders.plans.load(id),
  price: ({ amountMinor, currency }) => money(amountMinor, currency),
};
