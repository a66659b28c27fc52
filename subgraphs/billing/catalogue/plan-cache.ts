/**
 * Caches plans by id, as long as configuration: a published plan never changes, except that it is retired. Plans belong
 * to nobody, so everybody may be given a cached one.
 */
import DataLoader from "dataloader";
import { z } from "zod";
import { loadInTime } from "../../../platform/cache/joined-loads.ts";
import type { ProcessCache } from "../../../platform/cache/process-cache.ts";
import { PlanInterval, PlanStatus } from "../../../schema/generated/billing.ts";
import { PlanId } from "../domain/ids.ts";
import type { Plan } from "../domain/plan.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findPlans } from "../store/plans.ts";

export interface PlanCache {
  /** The plans in the order of `ids`; `find` reads those that are not cached. */
  load(
    ids: readonly PlanId[],
    find: (missing: readonly PlanId[]) => Promise<readonly Plan[]>,
  ): Promise<(Plan | undefined)[]>;
  /** Drops all of them, here and in other processes: one of them was superseded. */
  forget(): Promise<void>;
}

/** As another process cached it. */
const cachedPlan: z.ZodType<Plan> = z.object({
  id: PlanId.schema,
  code: z.string(),
  version: z.int(),
  name: z.string(),
  status: z.enum(PlanStatus),
  interval: z.enum(PlanInterval),
  currency: z.string(),
  amountMinor: z.bigint(),
  features: z.array(z.object({ key: z.string(), limit: z.bigint().nullable() })),
  trialDays: z.int(),
  publishedAt: z.date(),
  retiredAt: z.date().nullable(),
});

const KEY = "plan:";
/** On every plan. */
const TAG = "plans";

export function createPlanCache({ cache, ttlMsOfKind }: Pick<ProcessCache, "cache" | "ttlMsOfKind">): PlanCache {
  const ttlMs = ttlMsOfKind("configuration");
  const options = {
    ttlMs,
    tags: [TAG],
    parse: (value: unknown) => cachedPlan.optional().parse(value),
    // What is not there may be published at any time.
    ttlMsOf: (plan: Plan | undefined) => (plan === undefined ? 0 : ttlMs),
  };
  return {
    forget: () => cache.invalidateTags([TAG]),
    load(ids, find) {
      const missing = new DataLoader(async (keys: readonly PlanId[]) => {
        const found = new Map((await find(keys)).map((plan) => [plan.id, plan]));
        return keys.map((key) => found.get(key));
      });
      return Promise.all(ids.map((id) => loadInTime(cache, `${KEY}${id}`, options, () => missing.load(id))));
    },
  };
}

/** Reads a cached plan anew, by its key in the cache. */
export function loadPlanByCacheKey(database: BillingDatabase): (key: string) => Promise<Plan | undefined> {
  return async (key) => (await findPlans(database.autocommit, [PlanId.require(key.slice(KEY.length))])).at(0);
}
