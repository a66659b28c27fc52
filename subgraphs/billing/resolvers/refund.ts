import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../domain/money.ts";

export const refund: ResolversOf<"Refund", BillingContext, BillingParents> = {
  payment: ({ paymentId }, _args, { loaders }) => loaders.payment.load(paymentId),
  amount: ({ amountMinor, currency }) => money(amountMinor, currency),
  creditNote: ({ creditNoteId }, _args, { loaders }) =>
    creditNoteId === null ? null : loaders.creditNote.load(creditNoteId),
};
