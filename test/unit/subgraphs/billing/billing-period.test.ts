import { expect, test } from "vitest";
import type { PlanInterval } from "../../../../schema/generated/billing.ts";
import { endOfPeriod } from "../../../../subgraphs/billing/domain/billing-period.ts";

test.each<[string, PlanInterval, string]>([
  ["2026-03-15T10:00:00.000Z", "MONTH", "2026-04-15T10:00:00.000Z"],
  ["2026-12-31T23:59:59.999Z", "MONTH", "2027-01-31T23:59:59.999Z"],
  ["2026-01-31T00:00:00.000Z", "MONTH", "2026-02-28T00:00:00.000Z"],
  ["2028-01-30T00:00:00.000Z", "MONTH", "2028-02-29T00:00:00.000Z"],
  ["2028-02-29T12:00:00.000Z", "YEAR", "2029-02-28T12:00:00.000Z"],
])("a period from %s by %s ends at %s", (start, interval, end) => {
  expect(endOfPeriod(new Date(start), interval).toISOString()).toBe(end);
});
