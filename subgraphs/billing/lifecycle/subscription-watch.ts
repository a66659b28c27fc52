/**
 * Looks for subscriptions whose period is over, or of which an account has too many, and brings them forward. It finds
 * them with the relay role and works on each as its organisation. Any number of instances may run: the account's row
 * lock decides.
 */
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import { advanceSubscription } from "../commands/subscriptions/advance-subscription.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findDueSubscriptions } from "../store/subscriptions.ts";

const POLL_MS = 1_000;
const BATCH = 20;
const RETRY_CAP_MS = 60_000;

export interface SubscriptionWatchOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createSubscriptionWatch({ services, pollingDatabase }: SubscriptionWatchOptions): LifecyclePart {
  return createPollingWorker({
    name: "billing subscriptions",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findDueSubscriptions(pollingDatabase.autocommit, services.clock.now(), BATCH),
    carryOut: (due) => advanceSubscription(services, due),
    logger: services.logger.child({ component: "subscriptions" }),
    interrupted: "bringing subscriptions forward was interrupted, it goes on trying",
  });
}
