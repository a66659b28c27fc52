/**
 * Finishes payments whose request did not: slow cards, a provider that was away, a process that died between its two
 * transactions. It finds them with the relay role, which sees of all organisations only which payments are PROCESSING,
 * and works on each as its organisation. Any number of instances may run: a payment is leased to one at a time.
 */
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findUnsettled } from "../store/payments.ts";
import { settleLeased } from "./settle-leased.ts";

const POLL_MS = 250;
const BATCH = 50;
const RETRY_CAP_MS = 10_000;

export interface SettlementWorkerOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createSettlementWorker({ services, pollingDatabase }: SettlementWorkerOptions): LifecyclePart {
  const logger = services.logger.child({ component: "settlement" });

  return createPollingWorker({
    name: "billing settlement",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findUnsettled(pollingDatabase.autocommit, BATCH),
    // One that fails keeps its lease until it is tried again.
    carryOut: (payment) => settleLeased(services, payment),
    logger,
    interrupted: "settling payments interrupted, it goes on trying",
  });
}
