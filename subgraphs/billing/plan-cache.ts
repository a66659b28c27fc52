/**
 * Plans by id, kept as configuration is: a published plan never changes, except that it is retired. They belong to nobody, so everybody
 * may be given what is kept.
 */
import DataLoader from "dataloader";
import { loadInTime } from "../../platform/cache/joined-loads.ts";
import type { ProcessCache } from "../../platform/cache/process-cache.ts";
import type { BillingClient } from "../../prisma/billing/client.ts";
import { findPlans, type PlanRecord } from "./store/plans.ts";

export interface PlanCache {
  /** The plans in the order of `ids`; `find` reads those that are not kept. */
  load(
    ids: readonly string[],
    find: (missing: readonly string[]) => Promise<readonly PlanRecord[]>,
  ): Promise<(PlanRecord | undefined)[]>;
}

const KEY = "plan:";
/** On every plan. */
const TAG = "plans";

export function createPlanCache({ cache, lifeOf }: Pick<ProcessCache, "cache" | "lifeOf">): PlanCache {
  const ttlMs = lifeOf("configuration");
  const options = {
    ttlMs,
    tags: [TAG],
    // What is not there may be published at any time.
    ttlMsOf: (plan: PlanRecord | undefined) => (plan === undefined ? 0 : ttlMs),
  };
  return {
    load(ids, find) {
      const missing = new DataLoader(async (keys: readonly string[]) => {
        const found = new Map((await find(keys)).map((plan) => [plan.id, plan]));
        return keys.map((key) => found.get(key));
      });
      return Promise.all(ids.map((id) => loadInTime(cache, `${KEY}${id}`, options, () => missing.load(id))));
    },
  };
}

/** Reads a kept plan anew, by its key. */
export function readKept(client: BillingClient): (key: string) => Promise<PlanRecord | undefined> {
  return async (key) => (await findPlans(client, [key.slice(KEY.length)])).at(0);
}
