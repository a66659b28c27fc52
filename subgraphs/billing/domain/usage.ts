import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { UsageRecordId } from "./ids.ts";
import type { Period } from "./proration.ts";

/** Something that was used of a metered feature. */
export interface UsageRecord {
  readonly id: UsageRecordId;
  readonly organizationId: OrganizationId;
  readonly meter: string;
  readonly quantity: bigint;
  /** When it was used. */
  readonly at: Date;
  readonly recordedAt: Date;
}

/** What was used within a month. */
export interface UsageTotal {
  readonly organizationId: OrganizationId;
  readonly meter: string;
  readonly period: Period;
  readonly used: bigint;
}
