/**
 * Tells the provider which methods were given up, and forgets their handles then. It finds them with the relay role and
 * works on each as its organisation. Any number of instances may run: the provider bears being told twice.
 */
import { inTenants, readInTenants } from "../../../platform/database/tenant-transaction.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findDetaching, findMethodOwned, forgetMethod } from "../store/payment-methods.ts";

const POLL_MS = 2_000;
const BATCH = 20;
const RETRY_CAP_MS = 60_000;

export interface MethodWorkerOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createDetachWorker({ services, pollingDatabase }: MethodWorkerOptions): LifecyclePart {
  const { database, provider, references, logger } = services;
  return createPollingWorker({
    name: "billing methods that were given up",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findDetaching(pollingDatabase.autocommit, BATCH),
    async carryOut({ id, organizationId }) {
      const method = await readInTenants(database, [organizationId], (tx) => findMethodOwned(tx, id));
      if (method?.status !== "DETACHING") return;
      await provider.detach(references.open(method));
      await inTenants(database, [organizationId], (tx) => forgetMethod(tx, id));
    },
    logger: logger.child({ component: "payment methods" }),
    interrupted: "telling the provider which payment methods were given up was interrupted, it goes on trying",
  });
}
