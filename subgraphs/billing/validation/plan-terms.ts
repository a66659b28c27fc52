/** What a plan is to be, as an operator asks for it. */
import { refuse } from "../../../platform/errors/user-failure.ts";
import { requireName } from "../../../platform/validation/text/require-text.ts";
import { constraints } from "../../../schema/constraints.ts";
import type { PlanPublishInput } from "../../../schema/generated/billing.ts";
import type { Plan, PlanFeature } from "../domain/plan.ts";

const CODE = /^[a-z0-9-]{1,64}$/;
const FEATURE_KEY = /^[a-z][a-z0-9_]{0,63}$/;
const MOST_FEATURES = 50;

export type PlanTerms = Pick<
  Plan,
  "code" | "name" | "interval" | "currency" | "amountMinor" | "features" | "trialDays"
>;

/** @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG` */
export function requirePlanTerms(input: PlanPublishInput): PlanTerms {
  const { code, interval, price, features } = input;
  if (!CODE.test(code)) throw refuse("INVALID", "A code has 1 to 64 small letters, digits and hyphens.", "code");
  const name = requireName(input.name, { length: constraints.planName, label: "The name", field: "name" });
  if (price.amountMinor <= 0n) throw refuse("INVALID", "A price is more than nothing.", "price", "amountMinor");
  const trialDays = input.trialDays ?? 0;
  const { min, max } = constraints.trialDays;
  if (trialDays < min || trialDays > max) {
    throw refuse("INVALID", `A trial has ${min} to ${max} days.`, "trialDays");
  }
  if (features.length > MOST_FEATURES) {
    throw refuse("INVALID", `A plan grants at most ${MOST_FEATURES} features.`, "features");
  }
  const granted = features.map(requireFeature);
  const { currency, amountMinor } = price;
  return { code, name, interval, currency, amountMinor, features: granted, trialDays };
}

function requireFeature(
  { key, limit }: PlanPublishInput["features"][number],
  index: number,
  all: PlanPublishInput["features"],
): PlanFeature {
  const at = ["features", String(index)] as const;
  if (!FEATURE_KEY.test(key)) {
    throw refuse("INVALID", "A feature's key has small letters, digits and underscores.", ...at, "key");
  }
  if (all.findIndex((other) => other.key === key) < index) {
    throw refuse("INVALID", `The feature ${key} is named twice.`, ...at, "key");
  }
  if (limit != null && limit < 0n) throw refuse("INVALID", "A limit is at least 0.", ...at, "limit");
  return { key, limit: limit ?? null };
}
