/** The part that every collection of an invoice shares: the payment method, and a PROCESSING payment with its event. */
import type { CommandScope } from "../../../platform/database/command.ts";
import { notFound } from "../../../platform/errors/refusals.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { PaymentMethod } from "../domain/account.ts";
import { type AccountId, PaymentMethodId } from "../domain/ids.ts";
import { amountDue, type Invoice } from "../domain/invoice.ts";
import type { Payment } from "../domain/payment.ts";
import { paymentProcessing } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findDefaultMethod, findMethodOfAccount } from "../store/payment-methods.ts";
import { insertPayment } from "../store/payments.ts";

const METHOD = "payment method";

/** A payment that is committed and about to be collected. */
export interface PendingPayment {
  readonly payment: Payment;
  /** The provider's handle of its payment method. */
  readonly reference: string;
}

/**
 * @param text as the client sent it; undefined, or null, for the account's default
 * @throws UserFailure `NOT_FOUND` for what is no payment method anywhere
 */
export function requireMethodId(text: string | null | undefined): PaymentMethodId | undefined {
  if (text == null) return undefined;
  const id = PaymentMethodId.from(text);
  if (id === undefined) throw notFound(METHOD, "paymentMethodId");
  return id;
}

/**
 * @param id undefined for the account's default
 * @throws UserFailure `NOT_FOUND` for a method the account does not have, `STATE_INVALID` when there is no default
 */
export async function chooseMethod(
  tx: BillingTransaction,
  accountId: AccountId,
  id: PaymentMethodId | undefined,
): Promise<PaymentMethod> {
  if (id === undefined) {
    const method = await findDefaultMethod(tx, accountId);
    if (method === undefined) throw refuse("STATE_INVALID", "Attach a payment method first.", "paymentMethodId");
    return method;
  }
  const method = await findMethodOfAccount(tx, accountId, id);
  if (method === undefined) throw notFound(METHOD, "paymentMethodId");
  return method;
}

export interface NewCollection {
  readonly invoice: Invoice;
  readonly method: PaymentMethod;
  readonly causation: Causation;
  /** Who asks the provider first. Default: the request. */
  readonly collectedBy?: "request" | "worker";
}

export async function beginPayment(
  { ids, provider }: BillingServices,
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
  return { payment, reference: method.reference };
}
