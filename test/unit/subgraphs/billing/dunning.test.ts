import fc from "fast-check";
import { expect, test } from "vitest";
import { GRACE_MS, nextRetry } from "../../../../subgraphs/billing/domain/dunning.ts";

const since = new Date("2027-02-01T00:00:00.000Z");
const behind = (hours: number) => new Date(since.getTime() + hours * 3_600_000);

/** Hours behind the first failure at which it is tried again, where each attempt fails alike. */
function retriesOf(failureCode: string | null): number[] {
  const hours: number[] = [];
  for (let at: Date | null = since; at !== null; ) {
    at = nextRetry({ failureCode, since, at });
    if (at !== null) hours.push((at.getTime() - since.getTime()) / 3_600_000);
  }
  return hours;
}

test.for([
  { code: "processing_error", hours: [1, 6, 24, 72, 168] },
  { code: "insufficient_funds", hours: [48, 120, 216, 312] },
  { code: "card_declined", hours: [24, 72, 144, 240] },
  { code: "a_code_of_tomorrow", hours: [24, 72, 144, 240] },
  { code: "expired_card", hours: [] },
  { code: "authentication_failed", hours: [] },
  { code: null, hours: [] },
])("a failure by $code is tried again after $hours hours", ({ code, hours }) => {
  expect(retriesOf(code)).toEqual(hours);
});

test("another reason goes on from where it is", () => {
  expect(nextRetry({ failureCode: "insufficient_funds", since, at: behind(24) })).toEqual(behind(48));
  expect(nextRetry({ failureCode: "processing_error", since, at: behind(100) })).toEqual(behind(168));
});

test("the next attempt is always later than the last one, and before it is given up", () => {
  const codes = fc.constantFrom("processing_error", "insufficient_funds", "card_declined", "expired_card");
  fc.assert(
    fc.property(codes, fc.integer({ min: 0, max: GRACE_MS }), (failureCode, ms) => {
      const at = new Date(since.getTime() + ms);
      const next = nextRetry({ failureCode, since, at });
      if (next === null) return;
      expect(next.getTime()).toBeGreaterThan(at.getTime());
      expect(next.getTime()).toBeLessThan(since.getTime() + GRACE_MS);
    }),
  );
});
