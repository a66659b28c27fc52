/** From which state a subscription may come into which. */
import type { SubscriptionStatus } from "../../../schema/generated/billing.ts";

const MOVES: Readonly<Record<SubscriptionStatus, readonly SubscriptionStatus[]>> = {
  INCOMPLETE: ["ACTIVE", "CANCELED"],
  TRIALING: ["ACTIVE", "CANCELED"],
  ACTIVE: ["PAST_DUE", "PAUSED", "CANCELED"],
  PAST_DUE: ["ACTIVE", "CANCELED"],
  PAUSED: ["ACTIVE", "CANCELED"],
  CANCELED: [],
};

/** @throws Error for a move that no command may make */
export function requireMove(from: SubscriptionStatus, to: SubscriptionStatus): void {
  if (!MOVES[from].includes(to)) throw new Error(`a subscription never comes from ${from} into ${to}`);
}
