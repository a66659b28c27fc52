import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { CreditNoteReason, CreditNoteStatus } from "../../../schema/generated/billing.ts";
import type { AccountId, CreditNoteId, InvoiceId, InvoiceLineId } from "./ids.ts";

/** Takes back a part of what an invoice charged. Amounts are in minor units. */
export interface CreditNote {
  readonly id: CreditNoteId;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
  readonly invoiceId: InvoiceId;
  /** Whose rest is credited; null: a part of the invoice is refunded. */
  readonly invoiceLineId: InvoiceLineId | null;
  /** Gap-free per organisation and year. */
  readonly number: string;
  readonly status: CreditNoteStatus;
  readonly reason: CreditNoteReason;
  readonly currency: string;
  readonly totalMinor: bigint;
  /** The part of the line's period that is credited; null where there is no line. */
  readonly periodStart: Date | null;
  readonly periodEnd: Date | null;
  readonly issuedAt: Date;
  readonly version: number;
}
