import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { readable } from "../policies.ts";

export const paymentMethod: ResolversOf<"PaymentMethod", BillingContext, BillingParents> = {
  __resolveReference: async ({ id }, { loaders, request }) =>
    readable(request.identity, await loaders.paymentMethods.load(id)),
};
