import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { BillingAccountStatus } from "../../../schema/generated/billing.ts";
import type { BillingDetails } from "./billing-details.ts";
import type { AccountId, PaymentMethodId } from "./ids.ts";

/** The customer record of an organisation, one each. */
export interface BillingAccount {
  readonly id: AccountId;
  readonly organizationId: OrganizationId;
  readonly currency: string;
  readonly status: BillingAccountStatus;
  /** What invoices take before anything is charged, in minor units. */
  readonly creditMinor: bigint;
  /** The account's own time; null: that of the machine. */
  readonly testTime: Date | null;
  /** Where that time is being moved to; null: it stands. */
  readonly testTarget: Date | null;
  readonly details: BillingDetails;
  readonly version: number;
}

/** @returns what an amount takes of the account's credit, in minor units */
export function creditFor({ creditMinor }: Pick<BillingAccount, "creditMinor">, amountMinor: bigint): bigint {
  return creditMinor < amountMinor ? creditMinor : amountMinor;
}

/**
 * `TRIED`: a new card that a payment is under way with. `DETACHING`: given up, which the provider is to be told.
 * `DETACHED`: given up; payments that were made with it refer to it.
 */
export const PaymentMethodStatus = ["TRIED", "ACTIVE", "DETACHING", "DETACHED"] as const;

/** A card or account that the provider keeps. */
export interface PaymentMethod {
  readonly id: PaymentMethodId;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
  readonly kind: string;
  readonly brand: string | null;
  /** The last four digits, for people to recognise it. */
  readonly last4: string | null;
  /** The month in which the card ends, 1 to 12; null where it does not, or where the provider does not say. */
  readonly expMonth: number | null;
  readonly expYear: number | null;
  /** The same for the same card; null where the provider tells none. */
  readonly fingerprint: string | null;
  readonly provider: string;
  /** The provider's handle as it is stored; charges name it. Null once it was given up. */
  readonly reference: string | null;
  /** Which secret sealed the handle; null: it is in the clear, from before. */
  readonly sealedWith: string | null;
  readonly status: (typeof PaymentMethodStatus)[number];
  readonly isDefault: boolean;
  readonly version: number;
}
