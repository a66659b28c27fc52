// What a life costs, calculated from the price list alone: an independent second opinion on renewals, changes and ends.
// Amounts are in minor units. Nothing of the platform is asked or imported.
import { DAY_MS, type Life, type PlanCode } from "./lives.ts";

/** The published price list. */
const PRICES: Readonly<Record<PlanCode, { readonly price: bigint; readonly months: number }>> = {
  starter: { price: 900n, months: 1 },
  team: { price: 2_900n, months: 1 },
  business: { price: 9_900n, months: 1 },
  "team-yearly": { price: 29_000n, months: 12 },
};

const GRACE_DAYS = 14;

export interface Books {
  status: "ACTIVE" | "PAST_DUE" | "CANCELED";
  /** What cards were charged. */
  collected: bigint;
  /** What invoices that count charged, credit included. */
  invoiced: bigint;
  credited: bigint;
  /** What the account has left as credit. */
  credit: bigint;
  invoices: number;
  /** What was given up. */
  lost: bigint;
}

/** A period counted from an anchor: the day of the month stays, or is the last one. */
function addMonths(anchor: Date, months: number): Date {
  const year = anchor.getUTCFullYear();
  const month = anchor.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(anchor.getUTCDate(), lastDay);
  return new Date(Date.UTC(year, month, day) + (anchor.getTime() % DAY_MS));
}

/** Rounded to the nearest minor unit, halves up. */
function share(amount: bigint, from: Date, start: Date, end: Date): bigint {
  const whole = BigInt(end.getTime() - start.getTime());
  const left = BigInt(end.getTime() - Math.max(from.getTime(), start.getTime()));
  const twice = (amount * left * 2n) / whole;
  return (twice + 1n) / 2n;
}

export function expectedBooks({ acts }: Life, until: Date): Books {
  const books: Books = {
    ...{ status: "CANCELED", collected: 0n, invoiced: 0n, credited: 0n, credit: 0n, invoices: 0, lost: 0n },
  };
  let plan: PlanCode = "starter";
  let units = 0n;
  let anchor = new Date(0);
  let months = 0;
  let period = { start: anchor, end: anchor };
  /** What pays for the present. */
  let line = { amount: 0n, start: anchor, end: anchor };
  let cardWorks = true;
  let endsWithPeriod = false;
  let givenUpAt: Date | undefined;
  let owed = 0n;

  /** @returns false when the card was asked and declined */
  const charge = (amount: bigint, start: Date, end: Date): boolean => {
    const fromCredit = books.credit < amount ? books.credit : amount;
    books.credit -= fromCredit;
    books.invoices += 1;
    const rest = amount - fromCredit;
    if (rest > 0n && !cardWorks) {
      owed = rest;
      return false;
    }
    books.collected += rest;
    books.invoiced += amount;
    line = { amount, start, end };
    return true;
  };

  const periodEnds = (at: Date): void => {
    if (endsWithPeriod) {
      books.status = "CANCELED";
      return;
    }
    const length = PRICES[plan].months;
    months += length;
    period = { start: at, end: addMonths(anchor, months) };
    if (charge(units * PRICES[plan].price, period.start, period.end)) return;
    books.status = "PAST_DUE";
    givenUpAt = new Date(at.getTime() + GRACE_DAYS * DAY_MS);
  };

  const passTime = (to: Date): void => {
    for (;;) {
      if (books.status === "ACTIVE" && period.end <= to) periodEnds(period.end);
      else if (books.status === "PAST_DUE" && givenUpAt !== undefined && givenUpAt <= to) {
        books.status = "CANCELED";
        books.lost += owed;
      } else return;
    }
  };

  for (const act of acts) {
    if (act.kind !== "START") passTime(act.at);
    if (act.kind === "START" || (act.kind === "CHANGE" && books.status === "ACTIVE")) {
      const next = PRICES[act.plan];
      const isSameLength = act.kind === "CHANGE" && next.months === PRICES[plan].months;
      if (act.kind === "CHANGE") {
        const rest = share(line.amount, act.at, line.start, line.end);
        books.credited += rest;
        books.credit += rest;
      }
      const price = BigInt(act.quantity) * next.price;
      if (isSameLength) {
        charge(share(price, act.at, period.start, period.end), act.at, period.end);
      } else {
        anchor = act.at;
        months = next.months;
        period = { start: act.at, end: addMonths(act.at, months) };
        charge(price, period.start, period.end);
      }
      books.status = "ACTIVE";
      plan = act.plan;
      units = BigInt(act.quantity);
    } else if (act.kind === "CANCEL" && books.status === "ACTIVE") endsWithPeriod = true;
    else if (act.kind === "CARD_FAILS") cardWorks = false;
  }
  passTime(until);
  return books;
}
