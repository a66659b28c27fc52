/** What is sent to an address until it is taken or given up, and the rules of when. */
import { z } from "zod";
import { requireTenantId, type TenantId } from "../auth/principal-ids.ts";
import { type BackoffPolicy, growingBackoffMs } from "../events/backoff.ts";

/**
 * `REQUESTED`: it waits for its first attempt, or its first one after a replay. `SENDING`: an attempt is under way.
 * `FAILED`: there is another attempt. `DELIVERED`: the receiver has it. `DEAD`: it was given up, and can be replayed.
 * `CANCELLED`: nothing called for it any more.
 */
export const deliveryState = z.enum(["REQUESTED", "SENDING", "FAILED", "DELIVERED", "DEAD", "CANCELLED"]);
export type DeliveryState = z.infer<typeof deliveryState>;

/** Where deliveries stand in line: one at a time, in the order in which they were requested. */
export const addressKey = z.object({
  /** `name` of the carrier that takes it. */
  carrier: z.string(),
  tenantId: z.string().transform(requireTenantId),
  /** What the owner calls the receiver, such as the id of an endpoint. Not where it is: that may change. */
  address: z.string(),
});
export type AddressKey = z.infer<typeof addressKey>;

export const delivery = addressKey.extend({
  /** The receiver gets it, too. */
  id: z.string(),
  /** What its message is made of; null when it is delivered or cancelled. */
  content: z.string().nullable(),
  state: deliveryState,
  /** Since it was requested, or replayed. */
  attempts: z.int(),
  /** What the receiver said last. */
  detail: z.string().nullable(),
  requestedAt: z.date(),
  finishedAt: z.date().nullable(),
});
export type Delivery = z.infer<typeof delivery>;

export interface DeliveryRequest {
  /** A second request with the same id changes nothing. */
  readonly id: string;
  readonly tenantId: TenantId;
  readonly carrier: string;
  readonly address: string;
  readonly content: string;
}

/** A change of state. */
export interface DeliveryStep {
  readonly state: DeliveryState;
  /** What the receiver said. */
  readonly detail: string | null;
  readonly at: Date;
}

export interface DeliveryTiming {
  /** How many there are before it is given up. */
  readonly attempts: number;
  /** From one attempt to the next: each pause is longer than the one before, up to the cap. */
  readonly backoff: BackoffPolicy;
  /** Longest wait that a receiver may ask for, in milliseconds. */
  readonly retryAfterCapMs: number;
  /** How long an attempt may take, with what is written about it, before another instance makes it, in milliseconds. */
  readonly leaseMs: number;
  /** Between two looks for what is due, in milliseconds. */
  readonly pollMs: number;
}

/** Twelve attempts in about half a day. */
export const DELIVERY_TIMING: DeliveryTiming = {
  attempts: 12,
  backoff: { baseMs: 30_000, capMs: 6 * 3_600_000 },
  retryAfterCapMs: 3_600_000,
  leaseMs: 60_000,
  pollMs: 500,
};

/**
 * @param failures in a row, 1 = first
 * @param retryAfterMs what the receiver asked for
 * @returns how long to wait for the next attempt, in milliseconds: never less than our own pause
 */
export function pauseMs(
  { backoff, retryAfterCapMs }: Pick<DeliveryTiming, "backoff" | "retryAfterCapMs">,
  failures: number,
  retryAfterMs = 0,
  random: () => number = Math.random,
): number {
  return Math.max(growingBackoffMs(backoff, failures, random), Math.min(retryAfterMs, retryAfterCapMs));
}
