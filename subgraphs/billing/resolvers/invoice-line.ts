import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../domain/money.ts";

export const invoiceLine: ResolversOf<"InvoiceLine", BillingContext, BillingParents> = {
  unitAmount: ({ unitAmountMinor, currency }) => money(unitAmountMinor, currency),
  amount: ({ amountMinor, currency }) => money(amountMinor, currency),
};
