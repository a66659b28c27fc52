import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { PaymentMethodId } from "../domain/ids.ts";

export const paymentMethod: ResolversOf<"PaymentMethod", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(PaymentMethodId, id, loaders.paymentMethod),
};
