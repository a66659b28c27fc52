/**
 * Feature flags: what can be switched, and who has it on. The rule of an organisation counts before that of its plan,
 * and that before the one for everybody; without any the flag is as it was built.
 */
import { createHash } from "node:crypto";
import type { FeatureFlagScope, FeatureFlagSource } from "../../../schema/generated/user.ts";
import type { OrganizationId } from "./ids.ts";

/** All that can be switched. A flag that is not here cannot be set, and one that is gone does nothing. */
export const FEATURE_FLAGS = {
  "api-keys": { on: true, description: "Programs may be given API keys." },
  "custom-roles": { on: true, description: "Roles of an organisation's own may be made." },
} as const satisfies Readonly<Record<string, FlagDefinition>>;

interface FlagDefinition {
  /** What it is without a rule. */
  readonly on: boolean;
  readonly description: string;
}

export type FlagKey = keyof typeof FEATURE_FLAGS;

export const FLAG_KEYS = Object.keys(FEATURE_FLAGS).filter(isFlagKey);

export function isFlagKey(text: string): text is FlagKey {
  return Object.hasOwn(FEATURE_FLAGS, text);
}

export interface FlagRule {
  readonly key: string;
  readonly scope: FeatureFlagScope;
  /** Id of the plan or the organisation; empty for everybody. */
  readonly target: string;
  /** Share of organisations that it is on for, in percent. */
  readonly percent: number;
  readonly updatedAt: Date;
}

/** All rules that are in force, as they were after so many changes. */
export interface FlagRules {
  readonly version: number;
  readonly rules: readonly FlagRule[];
}

export interface FlagDecision {
  readonly on: boolean;
  readonly source: FeatureFlagSource;
}

/** @param planId of the organisation; `undefined` where it has none, or none is known */
export function decideFlag(
  key: FlagKey,
  rules: readonly FlagRule[],
  { organizationId, planId }: { readonly organizationId: OrganizationId; readonly planId: string | undefined },
): FlagDecision {
  const ruleOf = (scope: FeatureFlagScope, target: string) =>
    rules.find((rule) => rule.key === key && rule.scope === scope && rule.target === target);
  const own = ruleOf("ORGANIZATION", organizationId);
  if (own !== undefined) return { on: own.percent > 0, source: "ORGANIZATION" };
  const ofPlan = planId === undefined ? undefined : ruleOf("PLAN", planId);
  if (ofPlan !== undefined) return { on: ofPlan.percent > 0, source: "PLAN" };
  const ofAll = ruleOf("EVERYBODY", "");
  if (ofAll === undefined) return { on: FEATURE_FLAGS[key].on, source: "DEFAULT" };
  return { on: shareOf(key, organizationId) < ofAll.percent, source: "ROLLOUT" };
}

/** Begins what events about flags are about: a flag has no id but its key. */
const SUBJECT = "flag:";

export const flagSubject = (key: FlagKey): string => `${SUBJECT}${key}`;

export const isFlagSubject = (subject: string): boolean => subject.startsWith(SUBJECT);

/** Whether anything about the flag goes by plan. */
export function goesByPlan(key: FlagKey, rules: readonly FlagRule[]): boolean {
  return rules.some((rule) => rule.key === key && rule.scope === "PLAN");
}

/**
 * Where an organisation stands among all, from 0 to below 100: evenly spread, another place for each flag, and always
 * the same. So a share that grows takes nobody's flag away.
 */
export function shareOf(key: FlagKey, organizationId: OrganizationId): number {
  const digest = createHash("sha256").update(`${key}:${organizationId}`).digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * 100;
}
