import { parsePage, toConnection } from "../../../platform/graphql/connection.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { money } from "../money.ts";
import { readable } from "../policies.ts";
import { countInvoices, pageInvoices } from "../store/invoices.ts";
import { countSubscriptions, pageSubscriptions } from "../store/subscriptions.ts";

export const billingAccount: ResolversOf<"BillingAccount", BillingContext, BillingParents> = {
  __resolveReference: async ({ id }, { loaders, request }) =>
    readable(request.identity, await loaders.accounts.load(id)),
  organization: ({ organizationId }) => ({ id: organizationId }),
  amountDue: async ({ id, currency }, _args, { loaders }) => money(await loaders.openTotals.load(id), currency),
  paymentMethods: ({ id }, _args, { loaders }) => loaders.paymentMethodsByAccount.load(id),

  async subscriptions({ id }, args, { read, cursors }, info) {
    const list = `subscriptions:${id}`;
    const page = parsePage(list, args, cursors, info);
    return read(async (tx) => {
      const rows = await pageSubscriptions(tx, id, page);
      const totalCount = page.counted ? await countSubscriptions(tx, id) : null;
      return toConnection({ list, page, rows, keyOf: (row) => row.id, totalCount }, cursors);
    });
  },

  async invoices({ id }, { status, ...args }, { read, cursors }, info) {
    const query = { accountId: id, ...(status == null ? {} : { status }) };
    const list = `invoices:${id}:${status ?? ""}`;
    const page = parsePage(list, args, cursors, info);
    return read(async (tx) => {
      const rows = await pageInvoices(tx, query, page);
      const totalCount = page.counted ? await countInvoices(tx, query) : null;
      return toConnection({ list, page, rows, keyOf: (row) => row.id, totalCount }, cursors);
    });
  },
};
