/** What a record of use says, as a client sends it. */
import { notFound } from "../../../platform/errors/refusals.ts";
import { refuse, type UserFailure } from "../../../platform/errors/user-failure.ts";
import { constraints } from "../../../schema/constraints.ts";
import { isMeter } from "../domain/entitlement.ts";

const DAY_MS = 86_400_000;
/** Clocks of other machines go differently. */
const AHEAD_MS = 300_000;

export interface WantedUse {
  readonly meter: string;
  readonly quantity: bigint;
  /** Null: now. */
  readonly at: Date | null;
}

/** @returns `NOT_FOUND` for an unknown meter, `INVALID` (quantity, at); undefined for a record that can be taken */
export function problemOfUse({ meter, quantity, at }: WantedUse, now: Date): UserFailure | undefined {
  const { usageQuantity, usageAt } = constraints;
  if (!isMeter(meter)) return notFound("metered feature", "meter");
  if (quantity < BigInt(usageQuantity.min) || quantity > BigInt(usageQuantity.max)) {
    return refuse("INVALID", `A quantity is from ${usageQuantity.min} to ${usageQuantity.max}.`, "quantity");
  }
  const ageMs = at === null ? 0 : now.getTime() - at.getTime();
  if (ageMs < -AHEAD_MS) return refuse("INVALID", "This moment lies ahead.", "at");
  if (ageMs > usageAt.maxAgeDays * DAY_MS) {
    return refuse("INVALID", `Use can be recorded for ${usageAt.maxAgeDays} days.`, "at");
  }
  return undefined;
}
