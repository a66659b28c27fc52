import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { SubscriptionStatus } from "../../../schema/generated/billing.ts";
import type { AccountId, CreditNoteId, InvoiceId, PlanId, SubscriptionId } from "./ids.ts";

/** What is paid for. */
export interface PlanChoice {
  readonly planId: PlanId;
  readonly quantity: number;
}

/** A plan that runs, or waits for its first payment. */
export interface BillingSubscription extends PlanChoice {
  readonly id: SubscriptionId;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
  readonly status: SubscriptionStatus;
  readonly currentPeriodStart: Date;
  readonly currentPeriodEnd: Date;
  /** Periods are counted from here. */
  readonly anchoredAt: Date;
  /** It ends then, which is the end of the period; null: it goes on. */
  readonly cancelAt: Date | null;
  /** What the next period is for; null: the same. */
  readonly next: PlanChoice | null;
  /** When its trial ends, or ended; null: it began without one. */
  readonly trialEndsAt: Date | null;
  /** One of several plans of an account from before there was one each: it is ended. */
  readonly surplus: boolean;
  readonly version: number;
  readonly createdAt: Date;
}

/** Another plan or quantity from now on, which waits for its payment or had one. */
export interface SubscriptionChange extends PlanChoice {
  readonly id: string;
  readonly organizationId: OrganizationId;
  readonly subscriptionId: SubscriptionId;
  readonly invoiceId: InvoiceId;
  /** Credits the rest of the former plan's period; null: nothing was left of it. */
  readonly creditNoteId: CreditNoteId | null;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly anchoredAt: Date;
  readonly status: "PENDING" | "APPLIED" | "REVERTED";
}
