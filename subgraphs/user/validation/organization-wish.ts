/** Checks of the organisation that somebody who opens an account asks for. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { UserRegisterInput } from "../../../schema/generated/user.ts";
import type { PlanChoice } from "../domain/plan-wish.ts";
import { requirePlanChoice } from "./plan-choice.ts";
import { requireOrganizationName } from "./text.ts";

export interface OrganizationWish {
  readonly organizationName: string | null;
  readonly plan: PlanChoice | null;
}

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireOrganizationWish(
  input: Pick<UserRegisterInput, "organizationName" | "planCode" | "providerToken">,
): OrganizationWish {
  const plan = requirePlanChoice(input) ?? null;
  if (input.organizationName == null) {
    if (plan !== null) throw refuse("BLANK", "Name the organisation that the plan is for.", "organizationName");
    return { organizationName: null, plan };
  }
  return { organizationName: requireOrganizationName(input.organizationName, "organizationName"), plan };
}
