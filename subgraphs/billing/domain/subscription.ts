import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { SubscriptionStatus } from "../../../schema/generated/billing.ts";
import type { AccountId, PlanId, SubscriptionId } from "./ids.ts";

/** A plan that runs, or waits for its first payment. */
export interface BillingSubscription {
  readonly id: SubscriptionId;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
  readonly planId: PlanId;
  readonly status: SubscriptionStatus;
  readonly quantity: number;
  readonly currentPeriodStart: Date;
  readonly currentPeriodEnd: Date;
  readonly version: number;
  readonly createdAt: Date;
}
