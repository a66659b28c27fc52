/** Plans by id, kept for a minute: a published plan never changes, except that it is retired. They belong to nobody. */
import type { Cache } from "../../platform/cache/cache.ts";
import type { PlanRecord } from "./store/plans.ts";

const TTL_MS = 60_000;

export interface PlanCache {
  /** The plans in the order of `ids`; `find` reads those that are not kept. */
  load(
    ids: readonly string[],
    find: (missing: readonly string[]) => Promise<readonly PlanRecord[]>,
  ): Promise<(PlanRecord | undefined)[]>;
}

export function createPlanCache(cache: Cache): PlanCache {
  const keyOf = (id: string) => `plan:${id}`;
  return {
    async load(ids, find) {
      const known = new Map<string, PlanRecord>();
      for (const id of ids) {
        const plan = await cache.get<PlanRecord>(keyOf(id));
        if (plan !== undefined) known.set(id, plan);
      }
      const missing = ids.filter((id) => !known.has(id));
      const found = missing.length === 0 ? [] : await find(missing);
      for (const plan of found) {
        known.set(plan.id, plan);
        await cache.set(keyOf(plan.id), plan, { ttlMs: TTL_MS, tags: ["plans"] });
      }
      return ids.map((id) => known.get(id));
    },
  };
}
