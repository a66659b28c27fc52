import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { PlanId } from "../domain/ids.ts";
import { money } from "../domain/money.ts";

export const plan: ResolversOf<"Plan", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(PlanId, id, loaders.plan),
  supersededBy: ({ id, status }, _args, { loaders }) =>
    status === "RETIRED" ? loaders.supersedingPlan.load(id) : null,
  price: ({ amountMinor, currency }) => money(amountMinor, currency),
};
