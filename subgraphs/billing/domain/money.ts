/** Amounts of money: whole numbers of the currency's minor unit as bigint. No float ever holds an amount. */

/** As the API shows it. */
export interface Money {
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Decimal places of the minor unit. */
  readonly exponent: number;
}

/** As events carry it: JSON has no integer of that size. */
export interface EventMoney {
  readonly amountMinor: string;
  readonly currency: string;
  readonly exponent: number;
}

const exponents = new Map<string, number>();

/** Decimal places of a currency's minor unit (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD. */
export function exponentOf(currency: string): number {
  let exponent = exponents.get(currency);
  if (exponent === undefined) {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    exponent = format.resolvedOptions().maximumFractionDigits ?? 2;
    exponents.set(currency, exponent);
  }
  return exponent;
}

export function money(amountMinor: bigint, currency: string): Money {
  return { amountMinor, currency, exponent: exponentOf(currency) };
}

export function eventMoney(amountMinor: bigint, currency: string): EventMoney {
  return { amountMinor: amountMinor.toString(), currency, exponent: exponentOf(currency) };
}
