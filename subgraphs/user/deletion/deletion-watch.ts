/**
 * Looks for organisations whose grace is over, and finishes their deletion. It finds them with the relay role and works
 * on each as its tenant. Any number of instances may run: the organisation's row lock decides.
 */
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { UserDatabase } from "../store/database.ts";
import { findDueDeletions } from "../store/organizations.ts";
import { type DeletionServices, finishDeletion } from "./finish-deletion.ts";

const POLL_MS = 1_000;
const BATCH = 10;
const RETRY_CAP_MS = 60_000;

export interface DeletionWatchOptions {
  readonly services: DeletionServices;
  /** With the relay role. */
  readonly pollingDatabase: UserDatabase;
  readonly logger: Logger;
}

export function createDeletionWatch({ services, pollingDatabase, logger }: DeletionWatchOptions): LifecyclePart {
  return createPollingWorker({
    name: "user deletions",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findDueDeletions(pollingDatabase.autocommit, services.clock.now(), BATCH),
    carryOut: (id) => finishDeletion(services, id),
    logger: logger.child({ component: "deletions" }),
    interrupted: "deleting organisations was interrupted, it goes on trying",
  });
}
