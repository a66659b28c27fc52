/**
 * Batched reads of one request, one transaction per batch, bound to the viewer's tenants. Nothing is shared between requests,
 * hence nothing between viewers. A row of the viewer's organisation is not yet one that the viewer may read: see `readable`.
 */
import DataLoader from "dataloader";
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import { idPrefix } from "../../platform/ids.ts";
import type { BillingTransaction } from "../../prisma/billing/client.ts";
import type { PlanCache } from "./plan-cache.ts";
import {
  type AccountRecord,
  findAccounts,
  findAccountsOf,
  findPaymentMethods,
  findPaymentMethodsOf,
  type PaymentMethodRecord,
} from "./store/accounts.ts";
import {
  findInvoices,
  findLinesOf,
  type InvoiceLineRecord,
  type InvoiceRecord,
  sumOpenInvoices,
} from "./store/invoices.ts";
import { findPayments, findPaymentsOf, type PaymentRecord } from "./store/payments.ts";
import { findPlans, type PlanRecord } from "./store/plans.ts";
import { findSubscriptions, type SubscriptionRecord } from "./store/subscriptions.ts";

type One<Row> = DataLoader<string, Row | undefined>;
type Many<Row> = DataLoader<string, readonly Row[]>;

export interface Loaders {
  readonly accounts: One<AccountRecord>;
  readonly accountsByOrganization: One<AccountRecord>;
  readonly invoices: One<InvoiceRecord>;
  readonly linesByInvoice: Many<InvoiceLineRecord>;
  /** Minor units due over the open invoices of an account. */
  readonly openTotals: DataLoader<string, bigint>;
  readonly payments: One<PaymentRecord>;
  readonly paymentsByInvoice: Many<PaymentRecord>;
  readonly paymentMethods: One<PaymentMethodRecord>;
  readonly paymentMethodsByAccount: Many<PaymentMethodRecord>;
  readonly plans: One<PlanRecord>;
  readonly subscriptions: One<SubscriptionRecord>;
}

type Find<Row> = (tx: BillingTransaction, keys: readonly string[]) => Promise<readonly Row[]>;

export function createLoaders(read: TenantReader<BillingTransaction>, planCache: PlanCache): Loaders {
  /** @param prefix of the keys; text that is no such id finds nothing, without asking the database */
  function one<Row>(prefix: string, find: Find<Row>, keyOf: (row: Row) => string): One<Row> {
    return new DataLoader(async (keys) => {
      const wellFormed = keys.filter((key) => idPrefix(key) === prefix);
      const rows = wellFormed.length === 0 ? [] : await read((tx) => find(tx, wellFormed));
      const byKey = new Map(rows.map((row) => [keyOf(row), row]));
      return keys.map((key) => byKey.get(key));
    });
  }

  function many<Row>(find: Find<Row>, keyOf: (row: Row) => string): Many<Row> {
    return new DataLoader(async (keys) => {
      const byKey = Map.groupBy(await read((tx) => find(tx, keys)), keyOf);
      return keys.map((key) => byKey.get(key) ?? []);
    });
  }

  const id = (row: { readonly id: string }) => row.id;
  return {
    accounts: one("acc", findAccounts, id),
    accountsByOrganization: one("org", findAccountsOf, (account) => account.organizationId),
    invoices: one("inv", findInvoices, id),
    linesByInvoice: many(findLinesOf, (line) => line.invoiceId),
    openTotals: new DataLoader(async (accountIds) => {
      const totals = await read((tx) => sumOpenInvoices(tx, accountIds));
      return accountIds.map((accountId) => totals.get(accountId) ?? 0n);
    }),
    payments: one("pay", findPayments, id),
    paymentsByInvoice: many(findPaymentsOf, (payment) => payment.invoiceId),
    paymentMethods: one("pm", findPaymentMethods, id),
    paymentMethodsByAccount: many(findPaymentMethodsOf, (method) => method.accountId),
    plans: new DataLoader(async (ids) => {
      const wellFormed = ids.filter((key) => idPrefix(key) === "pln");
      const plans = await planCache.load(wellFormed, (missing) => read((tx) => findPlans(tx, missing)));
      const byId = new Map(wellFormed.map((key, at) => [key, plans[at]]));
      return ids.map((key) => byId.get(key));
    }),
    subscriptions: one("sub", findSubscriptions, id),
  };
}

/** Forgets everything read so far: what a mutation answers is what it left behind. */
export function clearLoaders(loaders: Loaders): void {
  for (const loader of Object.values(loaders)) loader.clearAll();
}
