/** Units of a plan, as a client asks for them. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import { constraints } from "../../../schema/constraints.ts";

/** @throws UserFailure `INVALID` */
export function requireQuantity(quantity: number): number {
  const { min, max } = constraints.quantity;
  if (quantity < min || quantity > max) throw refuse("INVALID", `A quantity is from ${min} to ${max}.`, "quantity");
  return quantity;
}
