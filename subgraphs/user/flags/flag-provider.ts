/**
 * The provider of OpenFeature (specification, section 2) over the rules in Postgres. Evaluation contexts name the
 * organisation as their targeting key, and its plan as `planId`.
 */
import {
  ErrorCode,
  type EvaluationContext,
  type Provider,
  type ResolutionDetails,
  StandardResolutionReasons,
} from "@openfeature/server-sdk";
import type { FeatureFlagSource } from "../../../schema/generated/user.ts";
import { decideFlag, type FlagRules, isFlagKey } from "../domain/feature-flag.ts";
import { OrganizationId } from "../domain/ids.ts";

const REASONS: Readonly<Record<FeatureFlagSource, string>> = {
  ORGANIZATION: StandardResolutionReasons.TARGETING_MATCH,
  PLAN: StandardResolutionReasons.TARGETING_MATCH,
  ROLLOUT: StandardResolutionReasons.SPLIT,
  DEFAULT: StandardResolutionReasons.DEFAULT,
};

/** Every flag is a boolean. The decision's source is the variant. */
export function createFlagProvider(readRules: () => Promise<FlagRules>): Provider {
  return {
    metadata: { name: "tributary-postgres" },
    runsOn: "server",
    async resolveBooleanEvaluation(key, otherwise, context) {
      const organizationId = OrganizationId.from(context.targetingKey ?? "");
      if (organizationId === undefined) {
        return failed(otherwise, ErrorCode.TARGETING_KEY_MISSING, "the targeting key is the id of an organisation");
      }
      if (!isFlagKey(key)) return failed(otherwise, ErrorCode.FLAG_NOT_FOUND, `there is no flag ${key}`);
      const { rules } = await readRules();
      const { on, source } = decideFlag(key, rules, { organizationId, planId: planIn(context) });
      return { value: on, reason: REASONS[source], variant: source };
    },
    resolveStringEvaluation: otherType,
    resolveNumberEvaluation: otherType,
    resolveObjectEvaluation: otherType,
  };
}

function planIn({ planId }: EvaluationContext): string | undefined {
  return typeof planId === "string" ? planId : undefined;
}

async function otherType<T>(_key: string, otherwise: T): Promise<ResolutionDetails<T>> {
  return failed(otherwise, ErrorCode.TYPE_MISMATCH, "every flag is a boolean");
}

function failed<T>(value: T, errorCode: ErrorCode, errorMessage: string): ResolutionDetails<T> {
  return { value, reason: StandardResolutionReasons.ERROR, errorCode, errorMessage };
}
