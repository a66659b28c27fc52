import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { AccountId } from "../domain/ids.ts";
import { money } from "../domain/money.ts";
import { pageInvoices } from "../store/invoices.ts";
import { pageSubscriptions } from "../store/subscriptions.ts";

export const billingAccount: ResolversOf<"BillingAccount", BillingContext, BillingParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(AccountId, id, loaders.account),
  organization: ({ organizationId }) => ({ id: organizationId }),
  amountDue: async ({ id, currency }, _args, { loaders }) => money(await loaders.openTotalOfAccount.load(id), currency),
  credit: ({ creditMinor, currency }) => money(creditMinor, currency),
  testClock: ({ testTime, testTarget }) => (testTime === null ? null : { now: testTime, target: testTarget }),
  billingEmail: ({ details }) => details.billingEmail,
  taxId: ({ details }) => details.taxId,
  address: ({ details }) => details.address,
  paymentMethods: ({ id }, _args, { loaders }) => loaders.paymentMethodsOfAccount.load(id),

  subscriptions({ id: accountId }, args, context, info) {
    return readConnection(
      context,
      {
        name: `subscriptions:${accountId}`,
        keyOf: ({ id }) => id,
        page: (tx, page) => pageSubscriptions(tx, accountId, page),
      },
      args,
      info,
    );
  },

  invoices({ id: accountId }, { status, ...args }, context, info) {
    const query = { accountId, ...(status == null ? {} : { status }) };
    return readConnection(
      context,
      {
        name: `invoices:${accountId}:${status ?? ""}`,
        keyOf: ({ id }) => id,
        page: (tx, page) => pageInvoices(tx, query, page),
      },
      args,
      info,
    );
  },
};
