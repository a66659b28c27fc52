/**
 * How an amount of money is written for people. Amounts are whole numbers of the minor unit, and no float holds one:
 * the formatter of `Intl` takes decimal digits as they are, however many.
 */

export interface WritableMoney {
  readonly amountMinor: bigint;
  /** ISO 4217 code. */
  readonly currency: string;
  /** Decimal places of the minor unit. */
  readonly exponent: number;
}

/** E.g. `€49.00` or `49,00 €`. @param locale a tag (BCP 47) */
export function writeMoney({ amountMinor, currency, exponent }: WritableMoney, locale: string): string {
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  });
  return format.format(decimalOf(amountMinor, exponent));
}

/** @returns the amount in the major unit, in decimal digits: `-0.05` for -5 with 2 places */
export function decimalOf(amountMinor: bigint, exponent: number): Intl.StringNumericLiteral {
  const isNegative = amountMinor < 0n;
  const digits = (isNegative ? -amountMinor : amountMinor).toString().padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = exponent === 0 ? "" : `.${digits.slice(-exponent)}`;
  // The formatter takes decimal strings as they are; the type spells out only what a template can.
  return `${isNegative ? "-" : ""}${whole}${fraction}` as `${number}`;
}
