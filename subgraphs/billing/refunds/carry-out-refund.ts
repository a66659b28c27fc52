/**
 * Asks the provider to give money back, outside of any transaction, and records what it says. Its id is the key at the
 * provider: however often it is asked for, money goes back once.
 */
import { inTenants, readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { withDeadline } from "../../../platform/deadline.ts";
import { type RefundSettledBy, settleRefund } from "../commands/payments/settle-refund.ts";
import type { Refund } from "../domain/refund.ts";
import type { RefundResult } from "../provider/payment-provider.ts";
import type { BillingServices } from "../services.ts";
import { findPayments } from "../store/payments.ts";
import { postponeRefund } from "../store/refunds.ts";
import { requireRow } from "../store/require-row.ts";

const PROVIDER_DEADLINE_MS = 8_000;

/** When a worker looks again at a refund whose outcome is unknown. */
const POSTPONEMENT = { minMs: 250, maxMs: 60_000 };

/** @returns whether something became of it */
export async function carryOutRefund(
  services: BillingServices,
  refund: Refund,
  settledBy: RefundSettledBy,
): Promise<boolean> {
  const { id, organizationId } = refund;
  const result = await askProvider(services, refund);
  if (result === undefined || result.status === "PROCESSING") {
    await inTenants(services.database, [organizationId], (tx) =>
      postponeRefund(tx, id, result?.providerRef, POSTPONEMENT),
    );
    return false;
  }
  const { status, providerRef, failureCode = "refund_failed" } = result;
  const outcome = status === "SUCCEEDED" ? { status, providerRef } : { status, providerRef, failureCode };
  return settleRefund(services, refund, outcome, settledBy);
}

/** Undefined when the outcome is unknown. */
async function askProvider(services: BillingServices, refund: Refund): Promise<RefundResult | undefined> {
  const { id, organizationId, paymentId, providerRef, amountMinor, currency, createdAt } = refund;
  const { provider, database, logger } = services;
  const ask = async (): Promise<RefundResult> => {
    if (providerRef !== null) return provider.retrieveRefund(providerRef);
    const [payment] = await readInTenants(database, [organizationId], (tx) => findPayments(tx, [paymentId]));
    const { providerRef: charge } = requireRow(payment);
    if (charge === null) throw new Error(`the payment ${paymentId} has no charge that could be refunded`);
    const asked = { idempotencyKey: id, organizationId, amountMinor, currency, askedAt: createdAt };
    return provider.refund({ ...asked, providerRef: charge });
  };
  try {
    return await withDeadline(ask(), PROVIDER_DEADLINE_MS, `no answer within ${PROVIDER_DEADLINE_MS} ms`);
  } catch (error) {
    logger.warn({ err: error, refundId: id }, "the payment provider gave no answer, the refund stays in processing");
    return undefined;
  }
}
