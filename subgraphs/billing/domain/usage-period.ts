/**
 * Months in which use is counted: they follow the calendar in UTC, from the anchor of the plan that runs, also where it
 * is paid for by the year. Without a plan they are those of the calendar.
 */
import { monthsBehind } from "./billing-period.ts";
import type { Period } from "./proration.ts";

/** @returns the month that the moment is in */
export function usagePeriodAt(anchor: Date | null, at: Date): Period {
  const origin = anchor ?? new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth()));
  const passed = 12 * (at.getUTCFullYear() - origin.getUTCFullYear()) + (at.getUTCMonth() - origin.getUTCMonth());
  // Before the anchor's day the month of use that began in the last month of the calendar still runs.
  const first = monthsBehind(origin, passed) <= at ? passed : passed - 1;
  return { start: monthsBehind(origin, first), end: monthsBehind(origin, first + 1) };
}
