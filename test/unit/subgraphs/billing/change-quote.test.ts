// What a change of plan costs, over arbitrary plans, quantities and moments: nothing is lost or paid twice.
import fc from "fast-check";
import { expect, test } from "vitest";
import { endOfNextPeriod, endOfPeriod } from "../../../../subgraphs/billing/domain/billing-period.ts";
import { quoteChange } from "../../../../subgraphs/billing/domain/change-quote.ts";
import { restOf } from "../../../../subgraphs/billing/domain/proration.ts";

const interval = fc.constantFrom("MONTH" as const, "YEAR" as const);
/** Prices of currencies with 0, 2 and 3 decimals. */
const price = fc.oneof(fc.bigInt(1n, 100n), fc.bigInt(1n, 1_000_000n), fc.bigInt(1n, 10n ** 15n));
const start = fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });

const within = (from: Date, to: Date, part: number) =>
  new Date(from.getTime() + Math.floor((to.getTime() - from.getTime() - 1) * part));

test("what is used up of a period and what is left sum to the whole, wherever it is cut", () => {
  fc.assert(
    fc.property(price, start, interval, fc.array(share, { maxLength: 5 }), (amount, from, by, cuts) => {
      const period = { start: from, end: endOfPeriod(from, by) };
      const moments = cuts
        .map((cut) => within(period.start, period.end, cut))
        .sort((a, b) => a.getTime() - b.getTime());
      const rests = [amount, ...moments.map((at) => restOf(amount, period, at)), 0n];
      const parts = rests.slice(1).map((rest, index) => (rests[index] ?? 0n) - rest);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(amount);
      expect(parts.every((part) => part >= 0n)).toBe(true);
    }),
  );
});

test("a quote spends and leaves exactly the credit there is, and collects exactly the rest", () => {
  const choice = fc.record({ amountMinor: price, interval });
  const given = fc.record({
    former: choice,
    plan: choice,
    quantity: fc.integer({ min: 1, max: 10_000 }),
    creditMinor: fc.bigInt(0n, 10n ** 9n),
    // Less than was charged where something of it was refunded.
    creditableMinor: fc.bigInt(0n, 10n ** 9n),
  });
  fc.assert(
    fc.property(given, start, share, ({ former, plan, quantity, creditMinor, creditableMinor }, from, part) => {
      const end = endOfPeriod(from, former.interval);
      const quote = quoteChange({
        subscription: { currentPeriodStart: from, currentPeriodEnd: end, anchoredAt: from },
        formerPlan: former,
        isTrial: false,
        charged: { amountMinor: former.amountMinor, periodStart: from, periodEnd: end, creditableMinor },
        plan,
        quantity,
        at: within(from, end, part),
        creditMinor,
      });
      expect(quote.creditUsedMinor + quote.creditLeftMinor).toBe(creditMinor + quote.creditedMinor);
      expect(quote.creditUsedMinor + quote.dueMinor).toBe(quote.chargedMinor);
      expect(quote.dueMinor === 0n || quote.creditLeftMinor === 0n).toBe(true);
      expect(quote.creditedMinor).toBeLessThanOrEqual(former.amountMinor);
      expect(quote.creditedMinor).toBeLessThanOrEqual(creditableMinor);
      expect(quote.chargedMinor).toBeLessThanOrEqual(BigInt(quantity) * plan.amountMinor);
    }),
  );
});

test("periods from one anchor follow each other without a gap, and each ends on the anchor's day or the month's last", () => {
  fc.assert(
    fc.property(start, interval, fc.integer({ min: 1, max: 30 }), (anchor, by, count) => {
      let from = anchor;
      for (let index = 0; index < count; index += 1) {
        const end = endOfNextPeriod(anchor, from, by);
        expect(end.getTime()).toBeGreaterThan(from.getTime());
        const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
        expect(end.getUTCDate()).toBe(Math.min(anchor.getUTCDate(), lastDay));
        from = end;
      }
    }),
  );
});
