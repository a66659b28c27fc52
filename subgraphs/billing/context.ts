/** What resolvers of billing work with. */
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import { createSubgraphContext, type SubgraphContext } from "../../platform/graphql/subgraph-context.ts";
import type { BillingAccount, PaymentMethod } from "./domain/account.ts";
import type { ChangeQuote } from "./domain/change-quote.ts";
import type { CreditNote } from "./domain/credit-note.ts";
import type { Dispute } from "./domain/dispute.ts";
import type { Invoice, InvoiceLine } from "./domain/invoice.ts";
import type { Payment } from "./domain/payment.ts";
import type { Plan } from "./domain/plan.ts";
import type { ProviderEvent } from "./domain/provider-event.ts";
import type { Refund } from "./domain/refund.ts";
import type { BillingSubscription, PlanChoice } from "./domain/subscription.ts";
import { createLoaders, type Loaders } from "./loaders.ts";
import type { BillingServices } from "./services.ts";
import type { BillingTransaction } from "./store/database.ts";

/** Lives as long as one request. */
export type BillingContext = SubgraphContext<BillingServices, BillingTransaction, Loaders>;

/** Parents that differ from what the schema shows. */
export interface BillingParents {
  readonly BillingAccount: BillingAccount;
  readonly BillingSubscription: BillingSubscription;
  readonly CreditNote: CreditNote;
  readonly Dispute: Dispute;
  readonly Invoice: Invoice;
  readonly InvoiceLine: InvoiceLine;
  readonly Organization: { readonly id: string };
  readonly Payment: Payment;
  readonly PaymentMethod: PaymentMethod;
  readonly Plan: Plan;
  readonly ProviderEvent: ProviderEvent;
  readonly Refund: Refund;
  readonly PlanChangePreview: ChangeQuote & { readonly currency: string };
  readonly ScheduledPlanChange: PlanChoice & { readonly at: Date };
}

export function createBillingContext(services: BillingServices, request: RequestContext): BillingContext {
  return createSubgraphContext({
    services,
    request,
    createLoaders: (read, identity) => createLoaders(read, identity, services),
  });
}
