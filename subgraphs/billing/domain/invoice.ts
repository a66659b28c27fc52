import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { InvoiceStatus } from "../../../schema/generated/billing.ts";
import type { AccountId, InvoiceId, InvoiceLineId, SubscriptionId } from "./ids.ts";

/** Amounts are in the currency's minor unit. */
export interface Invoice {
  readonly id: InvoiceId;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
  readonly subscriptionId: SubscriptionId | null;
  /** Gap-free per organisation and year. */
  readonly number: string;
  readonly status: InvoiceStatus;
  readonly currency: string;
  readonly subtotalMinor: bigint;
  readonly taxMinor: bigint;
  readonly totalMinor: bigint;
  readonly issuedAt: Date;
  readonly dueAt: Date;
  readonly paidAt: Date | null;
  readonly version: number;
}

export interface InvoiceLine {
  readonly id: InvoiceLineId;
  readonly organizationId: OrganizationId;
  readonly invoiceId: InvoiceId;
  readonly description: string;
  readonly quantity: bigint;
  readonly currency: string;
  readonly unitAmountMinor: bigint;
  readonly amountMinor: bigint;
  readonly periodStart: Date | null;
  readonly periodEnd: Date | null;
}
