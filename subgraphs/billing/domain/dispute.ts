import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { DisputeStatus } from "../../../schema/generated/billing.ts";
import type { DisputeId, PaymentId } from "./ids.ts";

/** A payer asks for the money of a payment back at the bank. */
export interface Dispute {
  readonly id: DisputeId;
  readonly organizationId: OrganizationId;
  readonly paymentId: PaymentId;
  readonly provider: string;
  /** The provider's name of it. */
  readonly providerRef: string;
  readonly status: DisputeStatus;
  /** As the provider calls it, e.g. `fraudulent`. */
  readonly reason: string;
  readonly currency: string;
  /** What is asked back, in minor units. */
  readonly amountMinor: bigint;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly version: number;
}
