/**
 * Moves the time of accounts that are on a test clock, from one moment at which something is due to the next, so that
 * all happens in its order: renewals, ends, further attempts to collect. A payment that is under way holds time up. It
 * finds accounts with the relay role and works on each as its organisation. Any number of instances may run: each step
 * has one effect, however many take it.
 */
import { setTimeout } from "node:timers/promises";
import { inTenants, readInTenants } from "../../../platform/database/tenant-transaction.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import { settleLeased } from "../collection/settle-leased.ts";
import { moveTestClock } from "../commands/accounts/move-test-clock.ts";
import { collectOverdueInvoice } from "../commands/payments/collect-overdue-invoice.ts";
import { advanceSubscription } from "../commands/subscriptions/advance-subscription.ts";
import type { BillingAccount } from "../domain/account.ts";
import type { BillingServices } from "../services.ts";
import { findAccounts, findMovingClocks } from "../store/accounts.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findProcessingPayments } from "../store/payments.ts";
import { nextStep } from "./next-step.ts";

const POLL_MS = 200;
const BATCH = 20;
const RETRY_CAP_MS = 10_000;
/** Then others have their turn. */
const STEPS_AT_ONCE = 200;

export interface ClockRunnerOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createClockRunner({ services, pollingDatabase }: ClockRunnerOptions): LifecyclePart {
  return createPollingWorker({
    name: "billing test clocks",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findMovingClocks(pollingDatabase.autocommit, BATCH),
    async carryOut(account) {
      let step = 0;
      while (step < STEPS_AT_ONCE && (await moveOn(services, account))) step += 1;
      // It waits for a payment: asking at once would find the same.
      if (step === 0) await setTimeout(POLL_MS);
    },
    logger: services.logger.child({ component: "test clocks" }),
    interrupted: "moving test clocks interrupted, it goes on trying",
  });
}

/** @returns false when there is nothing to do now */
async function moveOn(
  services: BillingServices,
  { id, organizationId }: Pick<BillingAccount, "id" | "organizationId">,
): Promise<boolean> {
  const processing = await readInTenants(services.database, [organizationId], (tx) => findProcessingPayments(tx, id));
  if (processing.length > 0) {
    await Promise.all(processing.map((payment) => settleLeased(services, payment)));
    const left = await readInTenants(services.database, [organizationId], (tx) => findProcessingPayments(tx, id));
    return left.length === 0;
  }
  const found = await inTenants(services.database, [organizationId], async (tx) => {
    const [account] = await findAccounts(tx, [id]);
    if (account?.testTime == null || account.testTarget === null) return undefined;
    const clock = { now: account.testTime, target: account.testTarget };
    return { clock, step: await nextStep(tx, account, clock) };
  });
  if (found === undefined) return false;
  const { step, clock } = found;
  if (step?.kind === "SUBSCRIPTION") await advanceSubscription(services, { id: step.id, organizationId });
  else if (step?.kind === "INVOICE") await collectOverdueInvoice(services, { id: step.id, organizationId });
  else await moveTestClock(services, { id, organizationId }, { from: clock.now, to: step?.to ?? clock.target });
  return step !== undefined;
}
