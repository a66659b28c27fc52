/**
 * Periods follow the calendar in UTC, counted from an anchor; a day that the target month lacks becomes its last day
 * (31 January → 28 February → 31 March).
 */
import type { PlanInterval } from "../../../schema/generated/billing.ts";

const MONTHS: Readonly<Record<PlanInterval, number>> = { MONTH: 1, YEAR: 12 };

/** The end of a period that begins at its anchor. */
export function endOfPeriod(anchor: Date, interval: PlanInterval): Date {
  return monthsBehind(anchor, MONTHS[interval]);
}

/** The end of the period that begins at `start`, where an earlier one counted from the same anchor ended. */
export function endOfNextPeriod(anchor: Date, start: Date, interval: PlanInterval): Date {
  const passed = 12 * (start.getUTCFullYear() - anchor.getUTCFullYear()) + (start.getUTCMonth() - anchor.getUTCMonth());
  return monthsBehind(anchor, passed + MONTHS[interval]);
}

/** @param months may be negative */
export function monthsBehind(anchor: Date, months: number): Date {
  const end = new Date(anchor);
  end.setUTCMonth(anchor.getUTCMonth() + months);
  if (end.getUTCDate() !== anchor.getUTCDate()) end.setUTCDate(0);
  return end;
}
