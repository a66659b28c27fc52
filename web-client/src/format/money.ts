/** An amount in minor units, as the API sends it: `amountMinor` is an integer in decimal digits. */
export interface MoneyAmount {
  readonly amountMinor: string;
  readonly currency: string;
  readonly exponent: number;
}

/** E.g. `€49.00`. Exact for any size: the digits never become a floating-point number. */
export function formatMoney({ amountMinor, currency, exponent }: MoneyAmount, locale?: string): string {
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  });
  return format.format(toDecimal(amountMinor, exponent));
}

/** @throws SyntaxError when `amountMinor` is no integer */
export function toDecimal(amountMinor: string, exponent: number): Intl.StringNumericLiteral {
  const amount = BigInt(amountMinor);
  const digits = (amount < 0n ? -amount : amount).toString().padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = digits.slice(digits.length - exponent);
  // The formatter takes decimal strings as they are; the type spells out only what a template can.
  return `${amount < 0n ? "-" : ""}${whole}${exponent > 0 ? `.${fraction}` : ""}` as `${number}`;
}

/** Is there anything to pay? */
export function isPositive({ amountMinor }: MoneyAmount): boolean {
  return BigInt(amountMinor) > 0n;
}
