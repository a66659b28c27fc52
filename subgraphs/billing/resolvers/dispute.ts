import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../domain/money.ts";

export const dispute: ResolversOf<"Dispute", BillingContext, BillingParents> = {
  amount: ({ amountMinor, currency }) => money(amountMinor, currency),
};
