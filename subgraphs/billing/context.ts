/** What commands and resolvers of billing work with. */
import type { Clock } from "../../platform/clock.ts";
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import type { Outbox } from "../../platform/events/outbox.ts";
import type { CursorCodec } from "../../platform/graphql/connection.ts";
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import type { IdSource } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { BillingClient, BillingTransaction } from "../../prisma/billing/client.ts";
import type { Loaders } from "./loaders.ts";
import type { PaymentProvider } from "./provider/payment-provider.ts";
import type { AccountRecord, PaymentMethodRecord } from "./store/accounts.ts";
import type { InvoiceLineRecord, InvoiceRecord } from "./store/invoices.ts";
import type { PaymentRecord } from "./store/payments.ts";
import type { PlanRecord } from "./store/plans.ts";
import type { SubscriptionRecord } from "./store/subscriptions.ts";

/** What commands need besides their input; lives as long as the subgraph. */
export interface BillingServices {
  readonly client: BillingClient;
  readonly outbox: Outbox;
  readonly provider: PaymentProvider;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Lives as long as one request. */
export interface BillingContext {
  readonly request: RequestContext;
  readonly services: BillingServices;
  readonly cursors: CursorCodec;
  readonly loaders: Loaders;
  /** Within the tenants of whoever asks. */
  readonly read: TenantReader<BillingTransaction>;
}

/** Parents that differ from what the schema shows. */
export interface BillingParents {
  readonly BillingAccount: AccountRecord;
  readonly BillingSubscription: SubscriptionRecord;
  readonly Invoice: InvoiceRecord;
  readonly InvoiceLine: InvoiceLineRecord;
  readonly Organization: { readonly id: string };
  readonly Payment: PaymentRecord;
  readonly PaymentMethod: PaymentMethodRecord;
  readonly Plan: PlanRecord;
}
