/** The part that every collection of an invoice shares: the payment method, and a PROCESSING payment with its event. */
import type { CommandScope } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import { idPrefix } from "../../../platform/ids.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";
import type { BillingServices } from "../context.ts";
import { paymentProcessing } from "../domain-events.ts";
import { findMethodOfAccount, type PaymentMethodRecord } from "../store/accounts.ts";
import type { InvoiceRecord } from "../store/invoices.ts";
import { insertPayment, type PaymentRecord } from "../store/payments.ts";

/** A payment that is committed and about to be collected. */
export interface PendingPayment {
  readonly payment: PaymentRecord;
  /** The provider's handle of its payment method. */
  readonly reference: string;
}

/** @throws UserFailure `NOT_FOUND` for a method the account does not have, `STATE_INVALID` when there is no default */
export async function chooseMethod(
  tx: BillingTransaction,
  accountId: string,
  id: string | undefined,
): Promise<PaymentMethodRecord> {
  const wellFormed = id === undefined || idPrefix(id) === "pm";
  const method = wellFormed ? await findMethodOfAccount(tx, accountId, id) : null;
  if (method !== null) return method;
  if (id === undefined) throw refuse("STATE_INVALID", "Attach a payment method first.", "paymentMethodId");
  throw refuse("NOT_FOUND", "There is no such payment method.", "paymentMethodId");
}

export async function createPayment(
  { ids, provider }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  { invoice, method, causation }: { invoice: InvoiceRecord; method: PaymentMethodRecord; causation: Causation },
): Promise<PendingPayment> {
  const payment = await insertPayment(
    tx,
    {
      id: ids.next("pay"),
      organizationId: invoice.organizationId,
      invoiceId: invoice.id,
      paymentMethodId: method.id,
      currency: invoice.currency,
      amountMinor: invoice.totalMinor,
      provider: provider.name,
    },
    causation,
  );
  emit(paymentProcessing(payment));
  return { payment, reference: method.reference };
}
