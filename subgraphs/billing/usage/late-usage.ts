/**
 * The job that counts records which lay before their month when they came. It finds them with the relay role and works
 * on each as its organisation.
 */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Job } from "../../../platform/jobs/job.ts";
import { rateUsage } from "../commands/usage/rate-usage.ts";
import { UsageRecordId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findLateUsage } from "../store/usage.ts";

const EVERY_MS = 1_000;

export interface LateUsageOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createLateUsage({ services, pollingDatabase }: LateUsageOptions): Job {
  return {
    name: "late-usage",
    schedule: { everyMs: EVERY_MS },
    async list(query) {
      const due = await findLateUsage(pollingDatabase.autocommit, query);
      return due.map(({ id, organizationId }) => ({ id, tenantId: organizationId }));
    },
    carryOut: ({ id, tenantId }) =>
      rateUsage(services, { id: UsageRecordId.require(id), organizationId: OrganizationId.require(tenantId) }),
  };
}
