/**
 * Amounts as Stripe's API counts them: in minor units as ISO 4217 has them, but for a few currencies. Source:
 * docs.stripe.com/currencies ("Zero-decimal currencies", "Special cases").
 */

/** ISO 4217 has no minor unit of them, Stripe counts hundredths, which must be whole. */
const IN_HUNDREDTHS = new Set(["ISK", "UGX"]);
/** ISO 4217 has a minor unit, which Stripe leaves out. */
const WITHOUT_MINOR = new Map([["MGA", 100n]]);

/** @throws Error for an amount that Stripe cannot charge: it never rounds */
export function toStripeAmount(amountMinor: bigint, currency: string): number {
  const divisor = WITHOUT_MINOR.get(currency) ?? 1n;
  if (amountMinor % divisor !== 0n) throw new Error(`Stripe charges no part of a whole ${currency}`);
  const amount = Number(IN_HUNDREDTHS.has(currency) ? amountMinor * 100n : amountMinor / divisor);
  if (!Number.isSafeInteger(amount)) throw new Error(`${amountMinor} of ${currency} is more than Stripe charges`);
  return amount;
}

/** @param currency as Stripe spells it, in lower case */
export function fromStripeAmount(amount: number, currency: string): bigint {
  const code = currency.toUpperCase();
  const counted = BigInt(amount);
  return IN_HUNDREDTHS.has(code) ? counted / 100n : counted * (WITHOUT_MINOR.get(code) ?? 1n);
}
