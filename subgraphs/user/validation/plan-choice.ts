/** Checks of the plan that an organisation is to start with. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import { requireProviderToken } from "../../../platform/validation/provider-token.ts";
import type { PlanChoice } from "../domain/plan-wish.ts";

const PLAN_CODE = /^[a-z][a-z0-9-]{0,39}$/;

interface PlanInput {
  readonly planCode?: string | null;
  readonly providerToken?: string | null;
}

/**
 * @returns undefined when no plan is asked for
 * @throws UserFailure `BLANK` when one of the two is missing, `INVALID`
 */
export function requirePlanChoice({ planCode, providerToken }: PlanInput): PlanChoice | undefined {
  if (planCode == null && providerToken == null) return undefined;
  if (planCode == null) throw refuse("BLANK", "Name the plan that is to be paid.", "planCode");
  if (!PLAN_CODE.test(planCode)) throw refuse("INVALID", "A plan's code is like team-yearly.", "planCode");
  if (providerToken == null) {
    throw refuse("BLANK", "A plan is paid at once: pass the token of the payment provider's form.", "providerToken");
  }
  requireProviderToken(providerToken);
  return { planCode, providerToken };
}
