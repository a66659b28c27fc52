import fc from "fast-check";
import { expect, test } from "vitest";
import { usagePeriodAt } from "../../../../subgraphs/billing/domain/usage-period.ts";

const day = (text: string) => new Date(`${text}T10:00:00.000Z`);
const written = ({ start, end }: { start: Date; end: Date }) => `${start.toISOString()} ${end.toISOString()}`;

test("months of use are counted from the plan's anchor, whose day a short month has at its end [S14]", () => {
  const anchor = day("2026-01-31");
  expect(usagePeriodAt(anchor, day("2026-02-10"))).toEqual({ start: anchor, end: day("2026-02-28") });
  expect(usagePeriodAt(anchor, day("2026-02-28"))).toEqual({ start: day("2026-02-28"), end: day("2026-03-31") });
  expect(usagePeriodAt(anchor, new Date("2026-02-28T09:59:59.999Z")).start).toEqual(anchor);
  expect(usagePeriodAt(anchor, day("2027-01-31"))).toEqual({ start: day("2027-01-31"), end: day("2027-02-28") });
});

test("what lies before the anchor is in a month that ends with it, or earlier", () => {
  expect(usagePeriodAt(day("2026-03-15"), day("2026-03-01"))).toEqual({
    start: day("2026-02-15"),
    end: day("2026-03-15"),
  });
});

test("without a plan they are the months of the calendar in UTC", () => {
  expect(written(usagePeriodAt(null, new Date("2026-12-31T23:59:59.999Z")))).toBe(
    "2026-12-01T00:00:00.000Z 2027-01-01T00:00:00.000Z",
  );
});

const moments = fc.date({ min: day("2000-01-01"), max: day("2100-01-01"), noInvalidDate: true });

test("every moment is in one month of use, and the next one begins where it ends", () => {
  fc.assert(
    fc.property(moments, moments, (anchor, at) => {
      const period = usagePeriodAt(anchor, at);
      expect(period.start <= at && at < period.end).toBe(true);
      expect(usagePeriodAt(anchor, period.end).start).toEqual(period.end);
      expect(written(usagePeriodAt(anchor, period.start))).toBe(written(period));
    }),
  );
});
