/**
 * Records the outcome of a payment together with everything that follows from it: invoice paid, subscription active. Repeating
 * it changes nothing, so the request that charged, a worker and a second worker may all bring the same outcome.
 */
import { runCommand } from "../../../platform/database/command.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { BillingServices } from "../context.ts";
import { invoicePaid, paymentSettled, subscriptionActivated } from "../domain-events.ts";
import { lockInvoice, markInvoicePaid } from "../store/invoices.ts";
import { type PaymentOutcome, type PaymentRecord, settlePaymentRow } from "../store/payments.ts";
import { activateSubscription } from "../store/subscriptions.ts";

export async function settlePayment(
  services: BillingServices,
  payment: PaymentRecord,
  outcome: PaymentOutcome,
  causation: Causation,
): Promise<void> {
  const { organizationId, invoiceId, id } = payment;
  await runCommand(services, { tenants: [organizationId], causation }, async ({ tx, emit }) => {
    const at = services.clock.now();
    // The invoice first, as everyone does who decides about its payments: no two transactions lock crosswise.
    await lockInvoice(tx, invoiceId);
    const settled = await settlePaymentRow(tx, id, outcome, at);
    if (settled === null) return;
    emit(paymentSettled(settled));
    if (settled.status === "FAILED") return;
    const invoice = await markInvoicePaid(tx, invoiceId, at);
    emit(invoicePaid(invoice, id));
    if (invoice.subscriptionId === null) return;
    const subscription = await activateSubscription(tx, invoice.subscriptionId, at);
    if (subscription !== null) emit(subscriptionActivated(subscription));
  });
}
