/** The second half of a command that collects an invoice, after its transaction: charge, or answer a replay. */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { Settlement } from "../commands/payments/settle-payment.ts";
import type { PaymentId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import { findPayments } from "../store/payments.ts";
import type { PendingPayment } from "./begin-payment.ts";
import { collectPayment } from "./collect-payment.ts";

export interface Collection {
  readonly organizationId: OrganizationId;
  readonly paymentId: PaymentId;
  /** Undefined in a replay: the payment exists since the first request. */
  readonly pending: PendingPayment | undefined;
}

/**
 * @returns what this request itself recorded
 * @throws UserFailure `IDEMPOTENCY_IN_PROGRESS` for a replay while the first request still waits for the provider: a
 * replay never answers something else than the first request did
 */
export async function finishCollection(
  services: BillingServices,
  causation: Causation,
  { organizationId, paymentId, pending }: Collection,
): Promise<Settlement | undefined> {
  if (pending !== undefined) {
    const { payment, reference } = pending;
    return collectPayment(services, payment, { causation, reference });
  }
  const [payment] = await readInTenants(services.database, [organizationId], (tx) => findPayments(tx, [paymentId]));
  if (payment?.status === "PROCESSING" && payment.attempts === 0) {
    throw refuse(
      "IDEMPOTENCY_IN_PROGRESS",
      "The first request with this key is still running: retry shortly.",
      "idempotencyKey",
    );
  }
  return undefined;
}
