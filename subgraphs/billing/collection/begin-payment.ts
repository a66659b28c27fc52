/** The part that every collection of an invoice shares: a PROCESSING payment with its event. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { PaymentMethod } from "../domain/account.ts";
import { amountDue, type Invoice } from "../domain/invoice.ts";
import type { Payment } from "../domain/payment.ts";
import { paymentProcessing } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import { insertPayment } from "../store/payments.ts";

/** A payment that is committed and about to be collected. */
export interface PendingPayment {
  readonly payment: Payment;
  /** The provider's handle of its payment method. */
  readonly reference: string;
}

export interface NewCollection {
  readonly invoice: Invoice;
  readonly method: PaymentMethod;
  readonly causation: Causation;
  /** Who asks the provider first. Default: the request. */
  readonly collectedBy?: "request" | "worker";
}

export async function beginPayment(
  { ids, provider, references }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  { invoice, method, causation, collectedBy = "request" }: NewCollection,
): Promise<PendingPayment> {
  const payment = await insertPayment(
    tx,
    {
      id: ids.next("pay"),
      organizationId: invoice.organizationId,
      invoiceId: invoice.id,
      paymentMethodId: method.id,
      currency: invoice.currency,
      amountMinor: amountDue(invoice),
      provider: provider.name,
    },
    { causation, collectedBy },
  );
  emit(paymentProcessing(payment));
  return { payment, reference: references.open(method) };
}
