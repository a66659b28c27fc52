/**
 * Finishes payments whose request did not: slow cards, a provider that was away, a process that died between its two
 * transactions. It finds them with the relay role, which sees of all organisations only which payments are PROCESSING,
 * and works on each as its organisation. Any number of instances may run: a payment is leased to one at a time.
 */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { createPollingWorker } from "../../../platform/lifecycle/polling-worker.ts";
import type { PaymentId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import type { BillingDatabase } from "../store/database.ts";
import { findMethodOwned } from "../store/payment-methods.ts";
import { findUnsettled, leasePayment } from "../store/payments.ts";
import { collectPayment } from "./collect-payment.ts";

const POLL_MS = 250;
const BATCH = 50;
/** Longer than one ask of the provider: then another worker may try. */
const LEASE_MS = 15_000;
const RETRY_CAP_MS = 10_000;

export interface SettlementWorkerOptions {
  readonly services: BillingServices;
  /** With the relay role. */
  readonly pollingDatabase: BillingDatabase;
}

export function createSettlementWorker({ services, pollingDatabase }: SettlementWorkerOptions): LifecyclePart {
  const logger = services.logger.child({ component: "settlement" });

  async function settle(id: PaymentId, organizationId: OrganizationId): Promise<void> {
    const leased = await inTenants(services.database, [organizationId], async (tx) => {
      const payment = await leasePayment(tx, id, LEASE_MS);
      if (payment === undefined) return undefined;
      const method = await findMethodOwned(tx, payment.paymentMethodId);
      return method === undefined ? undefined : { payment, reference: services.references.open(method) };
    });
    if (leased === undefined) return;
    const { payment, reference } = leased;
    await collectPayment(services, payment, { reference, causation: payment.causation });
  }

  return createPollingWorker({
    name: "billing settlement",
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    find: () => findUnsettled(pollingDatabase.autocommit, BATCH),
    // One that fails keeps its lease until it is tried again.
    carryOut: ({ id, organizationId }) => settle(id, organizationId),
    logger,
    interrupted: "settling payments interrupted, it goes on trying",
  });
}
