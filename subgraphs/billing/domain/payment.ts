import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { PaymentStatus } from "../../../schema/generated/billing.ts";
import type { InvoiceId, PaymentId, PaymentMethodId } from "./ids.ts";

/** An attempt to collect an invoice. */
export interface Payment {
  readonly id: PaymentId;
  readonly organizationId: OrganizationId;
  readonly invoiceId: InvoiceId;
  readonly paymentMethodId: PaymentMethodId;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** What was given back, is being given back, or was taken back by the bank. */
  readonly refundedMinor: bigint;
  readonly status: PaymentStatus;
  readonly provider: string;
  /** The provider's name of the charge; null until it has one. */
  readonly providerRef: string | null;
  readonly failureCode: string | null;
  /** Where the payer confirms it; null unless it is PROCESSING and waits for that. */
  readonly actionUrl: string | null;
  /** Whether somebody was there who could confirm it when it was asked for. */
  readonly payerPresent: boolean;
  readonly version: number;
  /** Who asked for it, for the events of its settlement. */
  readonly causation: Causation;
  /** How often the provider was asked after the request that made it. */
  readonly attempts: number;
  readonly createdAt: Date;
}

/** What the provider says came of it. */
export type PaymentOutcome =
  | { readonly status: "SUCCEEDED"; readonly providerRef: string }
  | { readonly status: "FAILED"; readonly providerRef: string; readonly failureCode: string };
