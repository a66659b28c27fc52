/** What billing says happened, as `schema/events/billing.*.json` describe it. The version is the row's after the change. */
import type { DomainEvent } from "../../platform/events/envelope.ts";
import { eventMoney } from "./money.ts";
import type { AccountRecord, PaymentMethodRecord } from "./store/accounts.ts";
import type { InvoiceRecord } from "./store/invoices.ts";
import type { PaymentRecord } from "./store/payments.ts";
import type { SubscriptionRecord } from "./store/subscriptions.ts";

interface Versioned {
  readonly id: string;
  readonly organizationId: string;
  readonly version: number;
}

function event(type: string, row: Versioned, data: DomainEvent["data"]): DomainEvent {
  const { id, organizationId, version } = row;
  return { type, subject: id, aggregateVersion: version, key: organizationId, organizationId, data };
}

export function accountOpened(account: Pick<AccountRecord, "id" | "organizationId" | "currency">): DomainEvent {
  const { id, organizationId, currency } = account;
  return event("billing.account.opened.v1", { ...account, version: 1 }, { accountId: id, organizationId, currency });
}

export function paymentMethodAttached(method: PaymentMethodRecord): DomainEvent {
  const { id, accountId, brand, last4 } = method;
  return event("billing.payment_method.attached.v1", method, { paymentMethodId: id, accountId, brand, last4 });
}

export function subscriptionStarted(subscription: SubscriptionRecord): DomainEvent {
  return event("billing.subscription.started.v1", subscription, subscriptionData(subscription, null));
}

export function subscriptionActivated(subscription: SubscriptionRecord): DomainEvent {
  return event("billing.subscription.activated.v1", subscription, subscriptionData(subscription, "INCOMPLETE"));
}

function subscriptionData({ id, accountId, planId, status }: SubscriptionRecord, fromStatus: string | null) {
  return { subscriptionId: id, accountId, planId, fromStatus, toStatus: status };
}

export function invoiceIssued(invoice: InvoiceRecord): DomainEvent {
  return event("billing.invoice.issued.v1", invoice, invoiceData(invoice, null));
}

export function invoicePaid(invoice: InvoiceRecord, paymentId: string): DomainEvent {
  return event("billing.invoice.paid.v1", invoice, { ...invoiceData(invoice, "OPEN"), paymentId });
}

function invoiceData(
  { id, accountId, number, status, totalMinor, currency }: InvoiceRecord,
  fromStatus: string | null,
) {
  const total = eventMoney(totalMinor, currency);
  return { invoiceId: id, accountId, number, fromStatus, toStatus: status, total };
}

export function paymentProcessing(payment: PaymentRecord): DomainEvent {
  return event("billing.payment.processing.v1", payment, paymentData(payment, null));
}

export function paymentSettled(payment: PaymentRecord): DomainEvent {
  const type = payment.status === "SUCCEEDED" ? "billing.payment.succeeded.v1" : "billing.payment.failed.v1";
  return event(type, payment, paymentData(payment, "PROCESSING"));
}

function paymentData(payment: PaymentRecord, fromStatus: string | null) {
  const { id, invoiceId, status, failureCode, amountMinor, currency } = payment;
  const amount = eventMoney(amountMinor, currency);
  return { paymentId: id, invoiceId, fromStatus, toStatus: status, amount, failureCode };
}
