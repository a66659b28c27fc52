/**
 * Finishes payments whose request did not: slow cards, a provider that was away, a process that died between its two
 * transactions. It finds them with the relay role, which sees of all organisations only which payments are PROCESSING,
 * and works on each as its organisation. Any number of instances may run: a payment is leased to one at a time.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { backoffMs } from "../../../platform/events/backoff.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import type { PaymentId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findPaymentMethods } from "../store/payment-methods.ts";
import { findUnsettled, leasePayment } from "../store/payments.ts";
import { collectPayment } from "./collect-payment.ts";

const POLL_MS = 250;
const BATCH = 50;
/** Longer than one ask of the provider: then another worker may try. */
const LEASE_MS = 15_000;
const RETRY = { baseMs: POLL_MS, capMs: 10_000 };

export interface SettlementWorkerOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createSettlementWorker({ services, pollingDatabase }: SettlementWorkerOptions): LifecyclePart {
  const logger = services.logger.child({ component: "settlement" });
  let running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  async function settle(id: PaymentId, organizationId: OrganizationId): Promise<void> {
    const leased = await inTenants(services.database, [organizationId], async (tx) => {
      const payment = await leasePayment(tx, id, LEASE_MS);
      if (payment === undefined) return undefined;
      const [method] = await findPaymentMethods(tx, [payment.paymentMethodId]);
      return method === undefined ? undefined : { payment, reference: method.reference };
    });
    if (leased === undefined) return;
    await collectPayment(services, leased.payment, leased.reference, leased.payment.causation);
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const waiting = await findUnsettled(pollingDatabase.autocommit, BATCH);
        // One that fails keeps its lease and is tried again; the others are not held up by it.
        const results = await Promise.allSettled(waiting.map(({ id, organizationId }) => settle(id, organizationId)));
        const failed = results.find((result) => result.status === "rejected");
        if (failed !== undefined) throw failed.reason;
        failures = 0;
        if (waiting.length < BATCH) await pause(POLL_MS, signal);
      } catch (error) {
        failures += 1;
        if (failures === 1) logger.warn({ err: error }, "settling payments interrupted, it goes on trying");
        await pause(POLL_MS + backoffMs(RETRY, failures), signal);
      }
    }
  }

  return {
    name: "billing settlement",
    async start() {
      if (running !== undefined) return;
      const abort = new AbortController();
      running = { abort, done: run(abort.signal) };
    },
    async stop() {
      running?.abort.abort();
      await running?.done;
      running = undefined;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
