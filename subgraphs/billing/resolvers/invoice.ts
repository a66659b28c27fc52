import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../money.ts";
import { readable } from "../policies.ts";
import { present } from "../present.ts";

export const invoice: ResolversOf<"Invoice", BillingContext, BillingParents> = {
  __resolveReference: async ({ id }, { loaders, request }) =>
    readable(request.identity, await loaders.invoices.load(id)),
  account: async ({ accountId }, _args, { loaders }) => present(await loaders.accounts.load(accountId)),
  subscription: ({ subscriptionId }, _args, { loaders }) =>
    subscriptionId === null ? null : loaders.subscriptions.load(subscriptionId),
  lines: ({ id }, _args, { loaders }) => loaders.linesByInvoice.load(id),
  subtotal: ({ subtotalMinor, currency }) => money(subtotalMinor, currency),
  tax: ({ taxMinor, currency }) => money(taxMinor, currency),
  total: ({ totalMinor, currency }) => money(totalMinor, currency),
  amountDue: ({ status, totalMinor, currency }) => money(status === "OPEN" ? totalMinor : 0n, currency),
  payments: ({ id }, _args, { loaders }) => loaders.paymentsByInvoice.load(id),
};
