/** Publishes the catalogue with a connection of its own, for a start of the platform and for `npm run db:seed`. */
import { systemClock } from "../../../platform/clock.ts";
import type { SeedDeps } from "../../../platform/graphql/subgraph-definition.ts";
import { publishPlans } from "../commands/plans/publish-plans.ts";
import { openBillingDatabase } from "../store/database.ts";
import { PLAN_CATALOGUE } from "./plan-catalogue.ts";

export type SeedPlansDeps = Pick<SeedDeps<{ readonly BILLING_CURRENCY: string }>, "settings" | "databaseUrls" | "ids">;

/** @returns how many plans were new */
export async function seedPlans({ settings, databaseUrls, ids }: SeedPlansDeps): Promise<number> {
  const database = openBillingDatabase("billing seed", databaseUrls.app, 1);
  try {
    return await publishPlans(
      { database, ids, clock: systemClock, currency: settings.BILLING_CURRENCY },
      PLAN_CATALOGUE,
    );
  } finally {
    await database.part.stop?.();
  }
}
