/**
 * Asks the provider about a PROCESSING payment, outside of any transaction, and records what it says. Whatever goes
 * wrong in between leaves a PROCESSING row that the settlement worker asks about again under the same key: no money is
 * moved twice.
 */
import { runCommand } from "../../../platform/database/command.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { withDeadline } from "../../../platform/deadline.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import { type SettledBy, type Settlement, settlePayment } from "../commands/payments/settle-payment.ts";
import type { Payment } from "../domain/payment.ts";
import { paymentActionRequired } from "../domain-events.ts";
import type { ChargeResult } from "../provider/payment-provider.ts";
import type { BillingServices } from "../services.ts";
import { postponePayment, recordAction } from "../store/payments.ts";

/** Shorter than the gateway waits for us: the caller gets an answer, even if it is "still processing". */
const PROVIDER_DEADLINE_MS = 8_000;

/** When a worker looks again at a payment whose outcome is unknown. */
const POSTPONEMENT = { minMs: 250, maxMs: 60_000 };

/** A payer who does not confirm a charge within this time gives it up. */
const ACTION_MS = 3_600_000;

export interface CollectionOf extends SettledBy {
  /** The provider's handle of the payment method; needed as long as the charge has no name. */
  readonly reference?: string;
}

/** @returns undefined while the outcome is unknown, or when somebody else recorded it */
export async function collectPayment(
  services: BillingServices,
  payment: Payment,
  { reference, ...settledBy }: CollectionOf,
): Promise<Settlement | undefined> {
  const result = await askProvider(services, payment, reference);
  if (result === undefined || result.status === "PROCESSING") {
    await waitOn(services, payment, result, settledBy.causation);
    return undefined;
  }
  const { status, providerRef } = result;
  const failureCode = result.failureCode ?? "declined";
  const outcome = status === "SUCCEEDED" ? { status, providerRef } : { status, providerRef, failureCode };
  return settlePayment(services, payment, outcome, settledBy);
}

async function waitOn(
  services: BillingServices,
  { id, organizationId, actionUrl: known }: Payment,
  { providerRef, actionUrl }: Partial<ChargeResult> = {},
  causation: Causation,
): Promise<void> {
  if (providerRef !== undefined && actionUrl !== undefined && known === null) {
    await runCommand(services, { tenants: [organizationId], causation }, async ({ tx, emit }) => {
      const waiting = await recordAction(tx, id, { providerRef, actionUrl }, services.clock.now());
      if (waiting !== undefined) emit(paymentActionRequired(waiting));
    });
  }
  await inTenants(services.database, [organizationId], (tx) => postponePayment(tx, id, providerRef, POSTPONEMENT));
}

/** Undefined when the outcome is unknown. */
async function askProvider(
  { provider, clock, logger }: BillingServices,
  payment: Payment,
  reference: string | undefined,
): Promise<ChargeResult | undefined> {
  const { id, organizationId, amountMinor, currency, providerRef, actionUrl, payerPresent, createdAt } = payment;
  const ask = async (): Promise<ChargeResult> => {
    if (providerRef !== null) {
      const isGivenUp = actionUrl !== null && clock.now().getTime() - createdAt.getTime() > ACTION_MS;
      return isGivenUp ? provider.cancel(providerRef) : provider.retrieve(providerRef);
    }
    if (reference === undefined) throw new Error(`the payment ${id} has no method that could be charged`);
    const charge = { idempotencyKey: id, organizationId, amountMinor, currency, reference };
    return provider.charge({ ...charge, askedAt: createdAt, isPayerPresent: payerPresent });
  };
  try {
    return await withDeadline(ask(), PROVIDER_DEADLINE_MS, `no answer within ${PROVIDER_DEADLINE_MS} ms`);
  } catch (error) {
    logger.warn({ err: error, paymentId: id }, "the payment provider gave no answer, the payment stays in processing");
    return undefined;
  }
}
