/** How much is to be given back, as an operator asks for it. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { MoneyInput } from "../../../schema/generated/billing.ts";

/**
 * @param currency of the payment
 * @returns minor units; undefined: all that can be given back
 * @throws UserFailure `INVALID`
 */
export function requireAmount(amount: MoneyInput | null | undefined, currency: string): bigint | undefined {
  if (amount == null) return undefined;
  if (amount.currency !== currency) {
    throw refuse("INVALID", `The payment is in ${currency}.`, "amount", "currency");
  }
  if (amount.amountMinor <= 0n) throw refuse("INVALID", "An amount is more than nothing.", "amount", "amountMinor");
  return amount.amountMinor;
}
