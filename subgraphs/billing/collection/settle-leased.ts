/** Asks about a payment that waits, unless somebody else does at the moment. */
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { Payment } from "../domain/payment.ts";
import type { BillingServices } from "../services.ts";
import { findMethodOwned } from "../store/payment-methods.ts";
import { leasePayment } from "../store/payments.ts";
import { collectPayment } from "./collect-payment.ts";

/** Longer than one ask of the provider: then another worker may try. */
const LEASE_MS = 15_000;

export async function settleLeased(
  services: BillingServices,
  { id, organizationId }: Pick<Payment, "id" | "organizationId">,
): Promise<void> {
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
