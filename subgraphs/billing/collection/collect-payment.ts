/**
 * Asks the provider about a PROCESSING payment, outside of any transaction, and records what it says. Whatever goes
 * wrong in between leaves a PROCESSING row that the settlement worker asks about again under the same key: no money is
 * moved twice.
 */
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import { type Settlement, settlePayment } from "../commands/payments/settle-payment.ts";
import type { Payment } from "../domain/payment.ts";
import type { ChargeResult } from "../provider/payment-provider.ts";
import type { BillingServices } from "../services.ts";
import { postponePayment } from "../store/payments.ts";

/** Shorter than the gateway waits for us: the caller gets an answer, even if it is "still processing". */
const PROVIDER_DEADLINE_MS = 8_000;

/** When a worker looks again at a payment whose outcome is unknown. */
const POSTPONEMENT = { minMs: 250, maxMs: 60_000 };

/**
 * @param reference the provider's handle of the payment method
 * @returns undefined while the outcome is unknown, or when somebody else recorded it
 */
export async function collectPayment(
  services: BillingServices,
  payment: Payment,
  reference: string,
  causation: Causation,
): Promise<Settlement | undefined> {
  const result = await askProvider(services, payment, reference);
  if (result === undefined || result.status === "PROCESSING") {
    await inTenants(services.database, [payment.organizationId], (tx) =>
      postponePayment(tx, payment.id, result?.providerRef, POSTPONEMENT),
    );
    return undefined;
  }
  const { status, providerRef } = result;
  const failureCode = result.failureCode ?? "declined";
  const outcome = status === "SUCCEEDED" ? { status, providerRef } : { status, providerRef, failureCode };
  return settlePayment(services, payment, outcome, causation);
}

/** Undefined when the outcome is unknown. */
async function askProvider(
  { provider, logger }: BillingServices,
  payment: Payment,
  reference: string,
): Promise<ChargeResult | undefined> {
  const { id, amountMinor, currency, providerRef } = payment;
  try {
    const answer =
      providerRef === null
        ? provider.charge({ idempotencyKey: id, amountMinor, currency, reference })
        : provider.retrieve(providerRef);
    return await withinDeadline(answer);
  } catch (error) {
    logger.warn({ err: error, paymentId: id }, "the payment provider gave no answer, the payment stays in processing");
    return undefined;
  }
}

async function withinDeadline<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${PROVIDER_DEADLINE_MS} ms`)),
    PROVIDER_DEADLINE_MS,
  );
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
