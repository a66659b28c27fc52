/**
 * The job that brings subscriptions forward whose period is over, or of which an account has too many. It finds them
 * with the relay role and works on each as its organisation. The account's row lock decides, so each is brought forward
 * once, however often it is listed.
 */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Job } from "../../../platform/jobs/job.ts";
import { advanceSubscription } from "../commands/subscriptions/advance-subscription.ts";
import { SubscriptionId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findDueSubscriptions } from "../store/subscriptions.ts";

const EVERY_MS = 1_000;

export interface SubscriptionPeriodsOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createSubscriptionPeriods({ services, pollingDatabase }: SubscriptionPeriodsOptions): Job {
  return {
    name: "subscription-periods",
    schedule: { everyMs: EVERY_MS },
    async list(query) {
      const due = await findDueSubscriptions(pollingDatabase.autocommit, services.clock.now(), query);
      return due.map(({ id, organizationId }) => ({ id, tenantId: organizationId }));
    },
    carryOut: ({ id, tenantId }) =>
      advanceSubscription(services, {
        id: SubscriptionId.require(id),
        organizationId: OrganizationId.require(tenantId),
      }),
  };
}
