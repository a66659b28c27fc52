import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { BillingAccountStatus } from "../../../schema/generated/billing.ts";
import type { AccountId, PaymentMethodId } from "./ids.ts";

/** The customer record of an organisation, one each. */
export interface BillingAccount {
  readonly id: AccountId;
  readonly organizationId: OrganizationId;
  readonly currency: string;
  readonly status: BillingAccountStatus;
  /** What invoices take before anything is charged, in minor units. */
  readonly creditMinor: bigint;
  readonly version: number;
}

/** A card or account that the provider keeps. */
export interface PaymentMethod {
  readonly id: PaymentMethodId;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
  readonly kind: string;
  readonly brand: string | null;
  /** The last four digits, for people to recognise it. */
  readonly last4: string | null;
  readonly provider: string;
  /** The provider's handle; charges name it. */
  readonly reference: string;
  readonly isDefault: boolean;
  readonly version: number;
}
