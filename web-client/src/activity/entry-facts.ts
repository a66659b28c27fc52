import type { MoneyAmount } from "../format/money.ts";

/**
 * What an audit entry's metadata, the facts of its event, tells a reader. Contracts may grow: anything else is left
 * alone.
 */
export interface EntryFacts {
  readonly number?: string;
  readonly last4?: string;
  readonly failureCode?: string;
  readonly money?: MoneyAmount;
}

export function entryFacts(metadata: unknown): EntryFacts {
  const number = member(metadata, "number");
  const last4 = member(metadata, "last4");
  const failureCode = member(metadata, "failureCode");
  const money = member(metadata, "total") ?? member(metadata, "amount");
  return {
    ...(typeof number === "string" ? { number } : {}),
    ...(typeof last4 === "string" ? { last4 } : {}),
    ...(typeof failureCode === "string" ? { failureCode } : {}),
    ...(isMoney(money) ? { money } : {}),
  };
}

function isMoney(value: unknown): value is MoneyAmount {
  const amountMinor = member(value, "amountMinor");
  return (
    typeof amountMinor === "string" &&
    /^-?\d+$/.test(amountMinor) &&
    typeof member(value, "currency") === "string" &&
    typeof member(value, "exponent") === "number"
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
