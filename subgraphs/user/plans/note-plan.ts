/** Keeps which plan an organisation is on, for feature flags that go by plan. */
import { z } from "zod";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { OrganizationId } from "../domain/ids.ts";
import type { UserTransaction } from "../store/database.ts";
import { putPlan } from "../store/organization-plans.ts";

const activated = z.object({ planId: z.string() });
const started = z.object({ toStatus: z.string() });

export const notePlan: RoutedHandler<unknown, UserTransaction> = (_, { partitionkey, data, time }, tx) =>
  putPlan(tx, OrganizationId.require(partitionkey), {
    planId: activated.parse(data).planId,
    changedAt: new Date(time),
  });

/** A plan that begins with a trial counts at once; another one when it is paid. */
export const noteTrial: RoutedHandler<unknown, UserTransaction> = async (services, event, tx, ...rest) => {
  if (started.parse(event.data).toStatus === "TRIALING") await notePlan(services, event, tx, ...rest);
};
