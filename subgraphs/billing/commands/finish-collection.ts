/** The second half of a command that collects an invoice, after its transaction: charge, or answer a replay. */
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { causationOf, type RequestContext } from "../../../platform/graphql/request-context.ts";
import type { BillingServices } from "../context.ts";
import { findPayments } from "../store/payments.ts";
import { collectPayment } from "./collect-payment.ts";
import type { PendingPayment } from "./create-payment.ts";
import type { Settlement } from "./settle-payment.ts";

export interface Collection {
  readonly organizationId: string;
  readonly paymentId: string;
  /** Undefined in a replay: the payment exists since the first request. */
  readonly pending: PendingPayment | undefined;
}

/**
 * @returns what this request itself recorded
 * @throws UserFailure `IDEMPOTENCY_IN_PROGRESS` for a replay while the first request still waits for the provider, so that no
 * replay ever answers something else than the first request did
 */
export async function finishCollection(
  services: BillingServices,
  request: RequestContext,
  { organizationId, paymentId, pending }: Collection,
): Promise<Settlement | undefined> {
  if (pending !== undefined) {
    return collectPayment(services, pending.payment, pending.reference, causationOf(request));
  }
  const [payment] = await readInTenants(services.client, [organizationId], (tx) => findPayments(tx, [paymentId]));
  if (payment?.status === "PROCESSING" && payment.attempts === 0) {
    throw refuse(
      "IDEMPOTENCY_IN_PROGRESS",
      "The first request with this key is still running: retry shortly.",
      "idempotencyKey",
    );
  }
  request.idempotencyReplayed = true;
  return undefined;
}
