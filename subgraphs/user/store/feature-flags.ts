/** Statements on the rules of feature flags. The rows are the platform's: operators set them. */
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { FeatureFlagRuleModel } from "../../../prisma/user/generated/models/FeatureFlagRule.ts";
import { FeatureFlagScope } from "../../../schema/generated/user.ts";
import type { FlagRule, FlagRules } from "../domain/feature-flag.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** None for a rule that was taken back. */
function toRules({ flagKey, target, percent, updatedAt, ...row }: FeatureFlagRuleModel): FlagRule[] {
  if (percent === null) return [];
  return [{ key: flagKey, scope: storedEnum(FeatureFlagScope, row.scope), target, percent, updatedAt }];
}

/** Those in force, with a number that is not above that of any change which they lack. */
export async function findFlagRules(tx: UserTransaction): Promise<FlagRules> {
  const { featureFlagRevision, featureFlagRule } = tables(tx);
  // First: a change that comes in between is among the rules, and its number tells that they are to be read again.
  const counted = await featureFlagRevision.findUnique({ where: { id: 1 } });
  const rows = await featureFlagRule.findMany({ orderBy: [{ flagKey: "asc" }, { scope: "asc" }, { target: "asc" }] });
  return { version: counted?.revision ?? 0, rules: rows.flatMap(toRules) };
}

/** Takes the number of the next change: others wait until this one is committed. */
export async function nextFlagRevision(tx: UserTransaction): Promise<number> {
  const { revision } = await tables(tx).featureFlagRevision.upsert({
    where: { id: 1 },
    create: { id: 1, revision: 1 },
    update: { revision: { increment: 1 } },
  });
  return revision;
}

export interface FlagRuleChange extends Pick<FlagRule, "key" | "scope" | "target"> {
  /** Null takes the rule back. */
  readonly percent: number | null;
}

/** @returns false when the rule is so already */
export async function putFlagRule(
  tx: UserTransaction,
  { key: flagKey, scope, target, percent }: FlagRuleChange,
  now: Date,
): Promise<boolean> {
  const { featureFlagRule } = tables(tx);
  const which = { flagKey_scope_target: { flagKey, scope, target } };
  const before = await featureFlagRule.findUnique({ where: which });
  if ((before?.percent ?? null) === percent) return false;
  const changed = { percent, updatedAt: now };
  await featureFlagRule.upsert({ where: which, create: { flagKey, scope, target, ...changed }, update: changed });
  return true;
}
