import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { PaymentId, ProviderEventId } from "./ids.ts";

/**
 * `RECEIVED`: it is being looked at. `APPLIED`: something changed by it. `UNCHANGED`: what it tells was known.
 * `FOREIGN`: it is about nothing of ours.
 */
export const ProviderEventOutcome = ["RECEIVED", "APPLIED", "UNCHANGED", "FOREIGN"] as const;

/** What the payment provider told of its own accord. */
export interface ProviderEvent {
  readonly id: ProviderEventId;
  readonly provider: string;
  /** The provider's name of it: the same for each time that it is told. */
  readonly providerRef: string;
  /** As the provider calls it, e.g. `payment_intent.succeeded`. */
  readonly type: string;
  /** Null, as the payment: it is about nothing of ours. */
  readonly organizationId: OrganizationId | null;
  readonly paymentId: PaymentId | null;
  readonly outcome: (typeof ProviderEventOutcome)[number];
  readonly receivedAt: Date;
  readonly processedAt: Date | null;
}

/** One that was looked at to its end. */
export type FinishedEvent = ProviderEvent & { readonly outcome: "APPLIED" | "UNCHANGED" };
