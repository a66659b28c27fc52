/** What another plan, or quantity, costs from some moment on. A preview and the change itself ask the same. */
import { creditFor } from "./account.ts";
import { endOfPeriod } from "./billing-period.ts";
import type { PaidLine } from "./invoice.ts";
import type { Plan } from "./plan.ts";
import { type Period, restOf } from "./proration.ts";
import type { BillingSubscription } from "./subscription.ts";

type ChargedPeriod = Pick<PaidLine, "amountMinor" | "periodStart" | "periodEnd" | "creditableMinor">;

export interface WantedChange {
  readonly subscription: Pick<BillingSubscription, "currentPeriodStart" | "currentPeriodEnd" | "anchoredAt">;
  readonly formerPlan: Pick<Plan, "interval">;
  /** Nothing is charged before its end. */
  readonly isTrial: boolean;
  /** What was charged for the period that `at` is in; undefined: nothing. */
  readonly charged: ChargedPeriod | undefined;
  readonly plan: Pick<Plan, "amountMinor" | "interval">;
  readonly quantity: number;
  /** Within the current period. */
  readonly at: Date;
  /** What the account has. */
  readonly creditMinor: bigint;
}

/** Amounts in minor units of the account's currency. */
export interface ChangeQuote {
  readonly at: Date;
  /** What is left of what was charged: it is credited. */
  readonly creditedMinor: bigint;
  /** For the new choice, from `at` on. */
  readonly chargedMinor: bigint;
  /** What is charged for: the rest of the period, or a whole one where the plans' periods differ in length. */
  readonly period: Period;
  readonly isProrated: boolean;
  readonly anchoredAt: Date;
  /** Of the account's credit, the new one included. */
  readonly creditUsedMinor: bigint;
  readonly dueMinor: bigint;
  /** What the account has then. */
  readonly creditLeftMinor: bigint;
}

export function quoteChange(wanted: WantedChange): ChangeQuote {
  const { subscription, formerPlan, isTrial, charged, plan, quantity, at } = wanted;
  const creditedMinor = charged === undefined ? 0n : restOfLine(charged, at);
  const price = BigInt(quantity) * plan.amountMinor;
  const isProrated = isTrial || plan.interval === formerPlan.interval;
  const current = { start: subscription.currentPeriodStart, end: subscription.currentPeriodEnd };
  const period = isProrated ? { start: at, end: current.end } : { start: at, end: endOfPeriod(at, plan.interval) };
  const chargedMinor = isTrial ? 0n : isProrated ? restOf(price, current, at) : price;
  const creditMinor = wanted.creditMinor + creditedMinor;
  const creditUsedMinor = creditFor({ creditMinor }, chargedMinor);
  return {
    at,
    creditedMinor,
    chargedMinor,
    period,
    isProrated,
    anchoredAt: isProrated ? subscription.anchoredAt : at,
    creditUsedMinor,
    dueMinor: chargedMinor - creditUsedMinor,
    creditLeftMinor: creditMinor - creditUsedMinor,
  };
}

/**
 * @returns what is left, from `at` on, of what a line charged for its period, and was not taken back before; nothing of
 * a single charge
 */
export function restOfLine({ amountMinor, periodStart, periodEnd, creditableMinor }: ChargedPeriod, at: Date): bigint {
  if (periodStart === null || periodEnd === null) return 0n;
  const left = restOf(amountMinor, { start: periodStart, end: periodEnd }, at);
  return left < creditableMinor ? left : creditableMinor;
}
