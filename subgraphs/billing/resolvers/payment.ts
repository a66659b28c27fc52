import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { PaymentId } from "../domain/ids.ts";
import { money } from "../domain/money.ts";

export const payment: ResolversOf<"Payment", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(PaymentId, id, loaders.payment),
  invoice: async ({ invoiceId }, _args, { loaders }) => required(await loaders.invoice.load(invoiceId), "invoice"),
  refunded: ({ refundedMinor, currency }) => money(refundedMinor, currency),
  refunds: ({ id }, _args, { loaders }) => loaders.refundsOfPayment.load(id),
  disputes: ({ id }, _args, { loaders }) => loaders.disputesOfPayment.load(id),
  providerEvents: async ({ id }, _args, { loaders }) => [...(await loaders.providerEventsOfPayment.load(id))],
  amount: ({ amountMinor, currency }) => money(amountMinor, currency),
};
