/**
 * Seals the handles of payment methods with the newest secret: those that an older one sealed, so that it can be taken
 * out of the settings, and those from before they were sealed.
 */
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import { findMethodOwned, findSealedOtherwise, sealMethod } from "../store/payment-methods.ts";
import type { MethodWorkerOptions } from "./detach-worker.ts";

const POLL_MS = 60_000;
const BATCH = 100;
const RETRY_CAP_MS = 60_000;

export function createResealWorker({ services, pollingDatabase }: MethodWorkerOptions): LifecyclePart {
  const { database, references, logger } = services;
  return createPollingWorker({
    name: "billing seals of payment methods",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findSealedOtherwise(pollingDatabase.autocommit, references.sealedWith, BATCH),
    carryOut: ({ id, organizationId }) =>
      inTenants(database, [organizationId], async (tx) => {
        const method = await findMethodOwned(tx, id);
        if (method === undefined || method.reference === null) return;
        const sealed = references.seal(id, references.open(method));
        await sealMethod(tx, id, { former: method.reference, ...sealed });
      }),
    logger: logger.child({ component: "payment methods" }),
    interrupted: "sealing payment methods anew was interrupted, it goes on trying",
  });
}
