import type { PaymentMethodFieldsFragment } from "../../../schema/generated/operations.ts";

/** E.g. `Visa ending in 4242`. */
export function describeMethod({ kind, brand, last4 }: PaymentMethodFieldsFragment): string {
  const name = brand ?? kind;
  const shown = name.charAt(0).toUpperCase() + name.slice(1);
  return last4 === null ? shown : `${shown} ending in ${last4}`;
}
