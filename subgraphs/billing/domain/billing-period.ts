/**
 * Periods follow the calendar in UTC; a day that the target month lacks becomes its last day (31 January → 28
 * February).
 */
import type { PlanInterval } from "../../../schema/generated/billing.ts";

const MONTHS: Readonly<Record<PlanInterval, number>> = { MONTH: 1, YEAR: 12 };

export function endOfPeriod(start: Date, interval: PlanInterval): Date {
  const end = new Date(start);
  end.setUTCMonth(start.getUTCMonth() + MONTHS[interval]);
  if (end.getUTCDate() !== start.getUTCDate()) end.setUTCDate(0);
  return end;
}
