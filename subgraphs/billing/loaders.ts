/**
 * Batched reads of one request, as its identity may see them: what it may not see is `null`, like what does not exist.
 * Each batch is bound to the viewer's tenants. Nothing is shared between requests, except plans, which belong to
 * nobody.
 */
import DataLoader from "dataloader";
import type { Identity } from "../../platform/auth/identity.ts";
import type { OrganizationId } from "../../platform/auth/principal-ids.ts";
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import type { BillingAccount, PaymentMethod } from "./domain/account.ts";
import type { CreditNote } from "./domain/credit-note.ts";
import type { Dispute } from "./domain/dispute.ts";
import type { Standing } from "./domain/entitlement.ts";
import type {
  AccountId,
  CreditNoteId,
  InvoiceId,
  PaymentId,
  PaymentMethodId,
  PlanId,
  SubscriptionId,
} from "./domain/ids.ts";
import type { Invoice, InvoiceLine } from "./domain/invoice.ts";
import type { Payment } from "./domain/payment.ts";
import type { Plan } from "./domain/plan.ts";
import type { ProviderEvent } from "./domain/provider-event.ts";
import type { Refund } from "./domain/refund.ts";
import type { BillingSubscription } from "./domain/subscription.ts";
import { readStandings } from "./entitlements/read-standing.ts";
import { canReadBilling } from "./policies.ts";
import type { BillingServices } from "./services.ts";
import { findAccounts, findAccountsOf } from "./store/accounts.ts";
import { findCreditNotes, findCreditNotesOf } from "./store/credit-notes.ts";
import type { BillingTransaction } from "./store/database.ts";
import { findDisputesOf } from "./store/disputes.ts";
import { findInvoices, findLinesOf, sumOpenInvoices } from "./store/invoices.ts";
import { findPaymentMethods, findPaymentMethodsOf } from "./store/payment-methods.ts";
import { findPayments, findPaymentsOf } from "./store/payments.ts";
import { findPlans, findSuperseding } from "./store/plans.ts";
import { findProviderEventsOf } from "./store/provider-events.ts";
import { findRefundsOf } from "./store/refunds.ts";
import { findSubscriptions } from "./store/subscriptions.ts";

type One<Key, Entity> = DataLoader<Key, Entity | null>;
type Many<Key, Entity> = DataLoader<Key, readonly Entity[]>;

export interface Loaders {
  readonly account: One<AccountId, BillingAccount>;
  readonly accountOfOrganization: One<OrganizationId, BillingAccount>;
  readonly creditNote: One<CreditNoteId, CreditNote>;
  readonly creditNotesOfInvoice: Many<InvoiceId, CreditNote>;
  readonly invoice: One<InvoiceId, Invoice>;
  readonly linesOfInvoice: Many<InvoiceId, InvoiceLine>;
  /** Minor units due over the open invoices of an account. */
  readonly openTotalOfAccount: DataLoader<AccountId, bigint>;
  readonly payment: One<PaymentId, Payment>;
  readonly paymentsOfInvoice: Many<InvoiceId, Payment>;
  readonly refundsOfPayment: Many<PaymentId, Refund>;
  readonly disputesOfPayment: Many<PaymentId, Dispute>;
  readonly providerEventsOfPayment: Many<PaymentId, ProviderEvent>;
  readonly paymentMethod: One<PaymentMethodId, PaymentMethod>;
  readonly paymentMethodsOfAccount: Many<AccountId, PaymentMethod>;
  readonly plan: One<PlanId, Plan>;
  /** Its next version. */
  readonly supersedingPlan: One<PlanId, Plan>;
  /** Of an organisation. */
  readonly standing: One<OrganizationId, Standing>;
  readonly subscription: One<SubscriptionId, BillingSubscription>;
}

/** Everything here but plans belongs to an organisation. */
interface Owned {
  readonly organizationId: OrganizationId;
}

type Find<Key, Entity> = (tx: BillingTransaction, keys: readonly Key[]) => Promise<readonly Entity[]>;

export function createLoaders(
  read: TenantReader<BillingTransaction>,
  identity: Identity,
  { planCache }: Pick<BillingServices, "planCache">,
): Loaders {
  const visible = ({ organizationId }: Owned) => canReadBilling(identity, organizationId);

  function oneBy<Key, Entity extends Owned>(find: Find<Key, Entity>, keyOf: (entity: Entity) => Key): One<Key, Entity> {
    return new DataLoader(async (keys) => {
      const entities = await read((tx) => find(tx, keys));
      const byKey = new Map(entities.filter(visible).map((entity) => [keyOf(entity), entity]));
      return keys.map((key) => byKey.get(key) ?? null);
    });
  }

  function one<Key, Entity extends Owned & { readonly id: Key }>(find: Find<Key, Entity>): One<Key, Entity> {
    return oneBy(find, ({ id }) => id);
  }

  /** Of a parent that the viewer may read. */
  function many<Key, Entity>(find: Find<Key, Entity>, keyOf: (entity: Entity) => Key): Many<Key, Entity> {
    return new DataLoader(async (keys) => {
      const byKey = Map.groupBy(await read((tx) => find(tx, keys)), keyOf);
      return keys.map((key) => byKey.get(key) ?? []);
    });
  }

  return {
    account: one(findAccounts),
    accountOfOrganization: oneBy(findAccountsOf, ({ organizationId }) => organizationId),
    creditNote: one(findCreditNotes),
    creditNotesOfInvoice: many(findCreditNotesOf, ({ invoiceId }) => invoiceId),
    invoice: one(findInvoices),
    linesOfInvoice: many(findLinesOf, ({ invoiceId }) => invoiceId),
    openTotalOfAccount: new DataLoader(async (accountIds) => {
      const totals = await read((tx) => sumOpenInvoices(tx, accountIds));
      return accountIds.map((accountId) => totals.get(accountId) ?? 0n);
    }),
    payment: one(findPayments),
    paymentsOfInvoice: many(findPaymentsOf, ({ invoiceId }) => invoiceId),
    refundsOfPayment: many(findRefundsOf, ({ paymentId }) => paymentId),
    disputesOfPayment: many(findDisputesOf, ({ paymentId }) => paymentId),
    providerEventsOfPayment: many(findProviderEventsOf, ({ paymentId }) => paymentId),
    paymentMethod: one(findPaymentMethods),
    paymentMethodsOfAccount: many(findPaymentMethodsOf, ({ accountId }) => accountId),
    plan: new DataLoader(async (ids) => {
      const plans = await planCache.load(ids, (missing) => read((tx) => findPlans(tx, missing)));
      return plans.map((plan) => plan ?? null);
    }),
    supersedingPlan: new DataLoader(async (ids) => {
      const superseding = await read((tx) => findSuperseding(tx, ids));
      return ids.map((id) => superseding.get(id) ?? null);
    }),
    standing: oneBy(readStandings, ({ organizationId }) => organizationId),
    subscription: one(findSubscriptions),
  };
}
