import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../money.ts";
import { readable } from "../policies.ts";
import { present } from "../present.ts";

export const payment: ResolversOf<"Payment", BillingContext, BillingParents> = {
  __resolveReference: async ({ id }, { loaders, request }) =>
    readable(request.identity, await loaders.payments.load(id)),
  invoice: async ({ invoiceId }, _args, { loaders }) => present(await loaders.invoices.load(invoiceId)),
  amount: ({ amountMinor, currency }) => money(amountMinor, currency),
};
