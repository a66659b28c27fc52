import type { PlanInterval, PlanStatus } from "../../../schema/generated/billing.ts";
import type { PlanId } from "./ids.ts";

/** What a plan grants. */
export interface PlanFeature {
  readonly key: string;
  /** Null: unlimited. */
  readonly limit: bigint | null;
}

/** A price, the same for every organisation. A published one never changes, except that it is retired. */
export interface Plan {
  readonly id: PlanId;
  readonly code: string;
  readonly version: number;
  readonly name: string;
  readonly status: PlanStatus;
  readonly interval: PlanInterval;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly features: readonly PlanFeature[];
  /** How long an account's first plan costs nothing; 0: not at all. */
  readonly trialDays: number;
  readonly publishedAt: Date;
  /** When it was no longer offered; null: it is. */
  readonly retiredAt: Date | null;
}
