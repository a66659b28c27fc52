/** From a plan as its founder asks for it to what is kept: nobody reads the provider's token on its way. */
import type { UserId } from "../domain/ids.ts";
import type { PlanChoice, PlanWish } from "../domain/plan-wish.ts";
import type { UserServices } from "../services.ts";

export function sealPlan(
  { tokenSeal }: Pick<UserServices, "tokenSeal">,
  founderId: UserId,
  { planCode, providerToken }: PlanChoice,
): PlanWish {
  return { planCode, sealedToken: tokenSeal.seal(providerToken, founderId) };
}
