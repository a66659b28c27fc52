/** Checks of the organisation that somebody who opens an account asks for. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { UserRegisterInput } from "../../../schema/generated/user.ts";
import type { PendingRegistration } from "../domain/pending-registration.ts";
import { requirePlanWish } from "./plan-wish.ts";
import { requireOrganizationName } from "./text.ts";

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
export function requireOrganizationWish(
  input: Pick<UserRegisterInput, "organizationName" | "planCode" | "providerToken">,
): Pick<PendingRegistration, "organizationName" | "plan"> {
  const plan = requirePlanWish(input) ?? null;
  if (input.organizationName == null) {
    if (plan !== null) throw refuse("BLANK", "Name the organisation that the plan is for.", "organizationName");
    return { organizationName: null, plan };
  }
  return { organizationName: requireOrganizationName(input.organizationName, "organizationName"), plan };
}
