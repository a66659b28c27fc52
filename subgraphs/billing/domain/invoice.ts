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
  /** Of the account's credit; the rest of the total is collected. */
  readonly creditMinor: bigint;
  /** What credit notes take back of the total. */
  readonly creditedMinor: bigint;
  readonly issuedAt: Date;
  readonly dueAt: Date;
  readonly paidAt: Date | null;
  /** When it is tried again; null: not before there is another card, or while a payment is under way. */
  readonly retryAt: Date | null;
  /** Until when it is tried, and then given up; null: it was not tried in vain. */
  readonly dunningEndsAt: Date | null;
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
  /** A part of a period was charged: the amount is less than what the units cost. */
  readonly proration: boolean;
  readonly periodStart: Date | null;
  readonly periodEnd: Date | null;
}

/** A line of a paid invoice, with what may still be taken back of that. */
export interface PaidLine extends InvoiceLine {
  /** Of the whole invoice, in minor units. */
  readonly creditableMinor: bigint;
}

/** @returns what may still be taken back of an invoice, in minor units: nothing before it is paid */
export function creditableOf({ status, totalMinor, creditedMinor }: Invoice): bigint {
  return status === "PAID" ? totalMinor - creditedMinor : 0n;
}

/** @returns what is still to be paid, in minor units */
export function amountDue({ status, totalMinor, creditMinor }: Invoice): bigint {
  return status === "OPEN" ? totalMinor - creditMinor : 0n;
}
