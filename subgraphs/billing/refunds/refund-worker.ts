/**
 * Carries refunds out. It finds them with the relay role, which sees of all organisations only which refunds are
 * PROCESSING, and works on each as its organisation. Any number of instances may run: a refund is leased to one at a
 * time.
 */
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findUnsettledRefunds, leaseRefund } from "../store/refunds.ts";
import { carryOutRefund } from "./carry-out-refund.ts";

const POLL_MS = 1_000;
const BATCH = 20;
/** Longer than one ask of the provider: then another worker may try. */
const LEASE_MS = 15_000;
const RETRY_CAP_MS = 10_000;

export interface RefundWorkerOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createRefundWorker({ services, pollingDatabase }: RefundWorkerOptions): LifecyclePart {
  return createPollingWorker({
    name: "billing refunds",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findUnsettledRefunds(pollingDatabase.autocommit, BATCH),
    async carryOut({ id, organizationId }) {
      const refund = await inTenants(services.database, [organizationId], (tx) => leaseRefund(tx, id, LEASE_MS));
      if (refund !== undefined) await carryOutRefund(services, refund, { causation: refund.causation });
    },
    logger: services.logger.child({ component: "refunds" }),
    interrupted: "carrying refunds out interrupted, it goes on trying",
  });
}
