import { loadById, required } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { InvoiceId } from "../domain/ids.ts";
import { amountDue } from "../domain/invoice.ts";
import { money } from "../domain/money.ts";

export const invoice: ResolversOf<"Invoice", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(InvoiceId, id, loaders.invoice),
  account: async ({ accountId }, _args, { loaders }) =>
    required(await loaders.account.load(accountId), "billing account"),
  subscription: ({ subscriptionId }, _args, { loaders }) =>
    subscriptionId === null ? null : loaders.subscription.load(subscriptionId),
  lines: ({ id }, _args, { loaders }) => loaders.linesOfInvoice.load(id),
  subtotal: ({ subtotalMinor, currency }) => money(subtotalMinor, currency),
  tax: ({ taxMinor, currency }) => money(taxMinor, currency),
  total: ({ totalMinor, currency }) => money(totalMinor, currency),
  creditUsed: ({ creditMinor, currency }) => money(creditMinor, currency),
  amountDue: (invoice) => money(amountDue(invoice), invoice.currency),
  credited: ({ creditedMinor, currency }) => money(creditedMinor, currency),
  payments: ({ id }, _args, { loaders }) => loaders.paymentsOfInvoice.load(id),
  creditNotes: ({ id }, _args, { loaders }) => loaders.creditNotesOfInvoice.load(id),
  documentUrl: (invoice, _args, { services }) => services.documents.linkTo("invoices", invoice),
};
