import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { CreditNoteId } from "../domain/ids.ts";
import { money } from "../domain/money.ts";

export const creditNote: ResolversOf<"CreditNote", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(CreditNoteId, id, loaders.creditNote),
  invoice: async ({ invoiceId }, _args, { loaders }) => required(await loaders.invoice.load(invoiceId), "invoice"),
  total: ({ totalMinor, currency }) => money(totalMinor, currency),
  documentUrl: (creditNote, _args, { services }) => services.documents.linkTo("credit-notes", creditNote),
};
