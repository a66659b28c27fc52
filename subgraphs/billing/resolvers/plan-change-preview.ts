import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../domain/money.ts";

export const planChangePreview: ResolversOf<"PlanChangePreview", BillingContext, BillingParents> = {
  credited: ({ creditedMinor, currency }) => money(creditedMinor, currency),
  charged: ({ chargedMinor, currency }) => money(chargedMinor, currency),
  creditUsed: ({ creditUsedMinor, currency }) => money(creditUsedMinor, currency),
  dueNow: ({ dueMinor, currency }) => money(dueMinor, currency),
  creditLeft: ({ creditLeftMinor, currency }) => money(creditLeftMinor, currency),
  periodStart: ({ period }) => period.start,
  periodEnd: ({ period }) => period.end,
};
