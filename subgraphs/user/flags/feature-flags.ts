/**
 * Asks for feature flags, through OpenFeature. The rules are cached for half an hour and dropped by the event of each
 * change: at once where it is made, within a second elsewhere. Where nobody can be asked, a flag is as it was built.
 */
import { randomUUID } from "node:crypto";
import { OpenFeature } from "@openfeature/server-sdk";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { FeatureFlagSource } from "../../../schema/generated/user.ts";
import { ALL_FLAG_RULES, type RowCaches } from "../cache/row-caches.ts";
import {
  FEATURE_FLAGS,
  FLAG_KEYS,
  type FlagDecision,
  type FlagKey,
  type FlagRules,
  goesByPlan,
} from "../domain/feature-flag.ts";
import type { OrganizationId } from "../domain/ids.ts";
import type { UserDatabase } from "../store/database.ts";
import { findFlagRules } from "../store/feature-flags.ts";
import { findPlanId } from "../store/organization-plans.ts";
import { createFlagProvider } from "./flag-provider.ts";

export interface DecidedFlag extends FlagDecision {
  readonly key: FlagKey;
}

export interface FeatureFlags {
  isOn(key: FlagKey, organizationId: OrganizationId): Promise<boolean>;
  /** All flags, in the order of their names. */
  decide(organizationId: OrganizationId): Promise<readonly DecidedFlag[]>;
}

const NO_RULES: FlagRules = { version: 0, rules: [] };

export interface FeatureFlagsOptions {
  readonly database: UserDatabase;
  readonly rowCaches: Pick<RowCaches, "flagRules">;
}

export function createFeatureFlags({ database, rowCaches }: FeatureFlagsOptions): FeatureFlags {
  const readRules = async (): Promise<FlagRules> =>
    (await rowCaches.flagRules.load(ALL_FLAG_RULES, () => findFlagRules(database.autocommit))) ?? NO_RULES;
  // A domain of its own: one process may run several subgraphs of this kind, as tests do.
  const domain = `user ${randomUUID()}`;
  OpenFeature.setProvider(domain, createFlagProvider(readRules));
  const client = OpenFeature.getClient(domain);

  async function decide(key: FlagKey, organizationId: OrganizationId): Promise<DecidedFlag> {
    const { rules } = await readRules();
    const planId = goesByPlan(key, rules)
      ? await inTenants(database, [organizationId], (tx) => findPlanId(tx, organizationId))
      : undefined;
    const context = { targetingKey: organizationId, ...(planId === undefined ? {} : { planId }) };
    const { value, variant } = await client.getBooleanDetails(key, FEATURE_FLAGS[key].on, context);
    const source = FeatureFlagSource.find((name) => name === variant) ?? "DEFAULT";
    return { key, on: value, source };
  }

  return {
    isOn: async (key, organizationId) => (await decide(key, organizationId)).on,
    decide: (organizationId) => Promise.all(FLAG_KEYS.toSorted().map((key) => decide(key, organizationId))),
  };
}
