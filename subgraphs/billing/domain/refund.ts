import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { RefundStatus } from "../../../schema/generated/billing.ts";
import type { CreditNoteId, PaymentId, RefundId } from "./ids.ts";

/** What is given back of a payment. */
export interface Refund {
  readonly id: RefundId;
  readonly organizationId: OrganizationId;
  readonly paymentId: PaymentId;
  /** Takes back what the invoice charged; null: the account's credit is paid out. */
  readonly creditNoteId: CreditNoteId | null;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** Why, for people. */
  readonly reason: string;
  readonly status: RefundStatus;
  readonly provider: string;
  /** The provider's name of it; null until it has one. */
  readonly providerRef: string | null;
  readonly failureCode: string | null;
  readonly version: number;
  /** Who asked for it, for the events of what becomes of it. */
  readonly causation: Causation;
  readonly createdAt: Date;
}
