/**
 * What billing says happened, as `schema/events/billing.*.json` describe it. The version is the row's after the change.
 */
import { OrganizationId, PLATFORM, type TenantId } from "../../platform/auth/principal-ids.ts";
import type { TextSeal } from "../../platform/auth/text-seal.ts";
import type { DomainEvent } from "../../platform/events/envelope.ts";
import type { PublishedDenial } from "../../platform/graphql/denial-reporter.ts";
import type { JobRun } from "../../platform/jobs/job.ts";
import { endOf, stateOf } from "../../platform/jobs/job-messages.ts";
import type { StepSettled } from "../../platform/saga/saga-messages.ts";
import type { RefundStatus, SubscriptionStatus } from "../../schema/generated/billing.ts";
import type { EventData, EventType } from "../../schema/generated/events.ts";
import type { BillingAccount, PaymentMethod } from "./domain/account.ts";
import type { BillingDetails } from "./domain/billing-details.ts";
import type { CreditNote } from "./domain/credit-note.ts";
import type { Dispute } from "./domain/dispute.ts";
import { type Entitlement, writeEntitlement } from "./domain/entitlement.ts";
import type { CreditNoteId, InvoiceId, PaymentId, ProviderEventId } from "./domain/ids.ts";
import type { Invoice } from "./domain/invoice.ts";
import { eventMoney } from "./domain/money.ts";
import type { Payment } from "./domain/payment.ts";
import type { Plan } from "./domain/plan.ts";
import type { Period } from "./domain/proration.ts";
import type { FinishedEvent } from "./domain/provider-event.ts";
import type { Refund } from "./domain/refund.ts";
import type { BillingSubscription, PlanChoice } from "./domain/subscription.ts";
import type { UsageRecord } from "./domain/usage.ts";

interface Versioned {
  readonly id: string;
  readonly organizationId: OrganizationId;
  readonly version: number;
}

function event<Type extends EventType>(type: Type, changed: Versioned, data: EventData[Type]): DomainEvent {
  const { id, organizationId, version } = changed;
  return { type, subject: id, aggregateVersion: version, key: organizationId, organizationId, data };
}

/** A member was refused: nothing changed. */
export function accessDenied({ organizationId, ...denied }: PublishedDenial): DomainEvent {
  const data = { organizationId, ...denied };
  return event("billing.access.denied.v1", { id: organizationId, organizationId, version: 0 }, data);
}

/** The reply to whoever coordinates a saga: nothing of its own changed. */
export function sagaStepSettled(tenantId: TenantId, settled: StepSettled): DomainEvent {
  const organizationId = OrganizationId.require(tenantId);
  const data = { ...settled, organizationId };
  return event("billing.saga.step_settled.v1", { id: settled.sagaId, organizationId, version: 0 }, data);
}

export function jobStarted(run: JobRun): DomainEvent {
  return aboutRun("billing.job.started.v1", run, stateOf(run));
}

export function jobProgressed(run: JobRun): DomainEvent {
  return aboutRun("billing.job.progressed.v1", run, stateOf(run));
}

export function jobFinished(run: JobRun): DomainEvent {
  return aboutRun("billing.job.finished.v1", run, endOf(run));
}

/** A run spans organisations, so its events are in none's stream. */
function aboutRun<Type extends EventType>(type: Type, { id, version }: JobRun, data: EventData[Type]): DomainEvent {
  return { type, subject: id, aggregateVersion: version, key: PLATFORM, data };
}

/** Plans belong to no organisation, so it is in none's stream. */
export function planPublished({ id, code, version, name, interval, amountMinor, currency }: Plan): DomainEvent {
  const price = eventMoney(amountMinor, currency);
  const data = { planId: id, code, planVersion: version, name, interval, price };
  return { type: "billing.plan.published.v1", subject: id, aggregateVersion: 1, key: PLATFORM, data };
}

export function accountOpened(account: Pick<BillingAccount, "id" | "organizationId" | "currency">): DomainEvent {
  const { id, organizationId, currency } = account;
  return event("billing.account.opened.v1", { ...account, version: 1 }, { accountId: id, organizationId, currency });
}

export function accountClosed(account: BillingAccount): DomainEvent {
  const { id, organizationId } = account;
  return event("billing.account.closed.v1", account, { accountId: id, organizationId });
}

/** Its time is being moved, or stands again. */
export function testClockSet(account: BillingAccount): DomainEvent {
  const { id, testTime, testTarget } = account;
  const clock = { now: testTime?.toISOString() ?? null, target: testTarget?.toISOString() ?? null };
  return event("billing.account.test_clock_set.v1", account, { accountId: id, ...clock });
}

/**
 * It tells which details changed, and none of their values. Whoever sends mails has to know where they go: that is
 * sealed for the organisation.
 */
export function accountUpdated(
  account: BillingAccount,
  changed: readonly (keyof BillingDetails)[],
  seal: Pick<TextSeal, "seal">,
): DomainEvent {
  const { id, organizationId } = account;
  const { billingEmail } = account.details;
  const sealed = billingEmail === null ? null : seal.seal(billingEmail, organizationId);
  return event("billing.account.updated.v1", account, {
    ...{ accountId: id, organizationId, changedFields: [...changed] },
    ...(changed.includes("billingEmail") ? { sealedBillingEmail: sealed } : {}),
  });
}

export function paymentMethodAttached(method: PaymentMethod): DomainEvent {
  return event("billing.payment_method.attached.v1", method, methodData(method));
}

export function paymentMethodDetached(method: PaymentMethod): DomainEvent {
  return event("billing.payment_method.detached.v1", method, methodData(method));
}

export function defaultMethodChanged(method: PaymentMethod): DomainEvent {
  return event("billing.payment_method.made_default.v1", method, methodData(method));
}

function methodData({ id, accountId, brand, last4 }: PaymentMethod) {
  return { paymentMethodId: id, accountId, brand, last4 };
}

export function subscriptionStarted(subscription: BillingSubscription): DomainEvent {
  return event("billing.subscription.started.v1", subscription, subscriptionData(subscription, null));
}

/** @param from `INCOMPLETE` at the first payment, `PAST_DUE` when a later one came after all */
export function subscriptionActivated(subscription: BillingSubscription, from: SubscriptionStatus): DomainEvent {
  return event("billing.subscription.activated.v1", subscription, subscriptionData(subscription, from));
}

export function subscriptionCanceled(subscription: BillingSubscription, from: SubscriptionStatus): DomainEvent {
  return event("billing.subscription.canceled.v1", subscription, subscriptionData(subscription, from));
}

export interface AppliedChange {
  readonly from: PlanChoice;
  readonly invoiceId: InvoiceId | null;
  readonly creditNoteId: CreditNoteId | null;
}

export function subscriptionChanged(
  subscription: BillingSubscription,
  { from, invoiceId, creditNoteId }: AppliedChange,
): DomainEvent {
  const { status, quantity } = subscription;
  const before = { fromPlanId: from.planId, fromQuantity: from.quantity };
  const data = { ...subscriptionData(subscription, status), ...before, quantity, invoiceId, creditNoteId };
  return event("billing.subscription.changed.v1", subscription, data);
}

/** An end, or another choice, at the end of the period. */
export function subscriptionScheduled(subscription: BillingSubscription): DomainEvent {
  const { status, next, currentPeriodEnd } = subscription;
  const arranged = { nextPlanId: next?.planId ?? null, nextQuantity: next?.quantity ?? null };
  const data = { ...subscriptionData(subscription, status), ...arranged, at: currentPeriodEnd.toISOString() };
  return event("billing.subscription.scheduled.v1", subscription, data);
}

export function subscriptionResumed(subscription: BillingSubscription): DomainEvent {
  return event("billing.subscription.resumed.v1", subscription, subscriptionData(subscription, subscription.status));
}

/** It goes on when somebody resumes it. */
export function subscriptionPaused(subscription: BillingSubscription): DomainEvent {
  return event("billing.subscription.paused.v1", subscription, subscriptionData(subscription, "ACTIVE"));
}

export function subscriptionRenewed(subscription: BillingSubscription, invoiceId: InvoiceId): DomainEvent {
  const { status, quantity, currentPeriodStart, currentPeriodEnd } = subscription;
  const period = { periodStart: currentPeriodStart.toISOString(), periodEnd: currentPeriodEnd.toISOString() };
  const data = { ...subscriptionData(subscription, status), quantity, invoiceId, ...period };
  return event("billing.subscription.renewed.v1", subscription, data);
}

/** @param paymentId that failed; null: there was no method to pay with */
export function subscriptionPastDue(
  subscription: BillingSubscription,
  invoiceId: InvoiceId,
  paymentId: PaymentId | null = null,
): DomainEvent {
  const data = { ...subscriptionData(subscription, "ACTIVE"), invoiceId, paymentId };
  return event("billing.subscription.past_due.v1", subscription, data);
}

function subscriptionData({ id, accountId, planId, status }: BillingSubscription, fromStatus: string | null) {
  return { subscriptionId: id, accountId, planId, fromStatus, toStatus: status };
}

export function invoiceIssued(invoice: Invoice): DomainEvent {
  return event("billing.invoice.issued.v1", invoice, invoiceData(invoice, null));
}

export function invoicePaid(invoice: Invoice, paymentId: PaymentId): DomainEvent {
  return event("billing.invoice.paid.v1", invoice, { ...invoiceData(invoice, "OPEN"), paymentId });
}

/** @param reason of the operator who decided it; absent: nobody decided it */
export function invoiceVoided(invoice: Invoice, reason?: string): DomainEvent {
  const why = reason === undefined ? {} : { reason };
  return event("billing.invoice.voided.v1", invoice, { ...invoiceData(invoice, "OPEN"), ...why });
}

export interface OverdueNews {
  readonly retryAt: Date | null;
  readonly dunningEndsAt: Date;
  /** Why the last attempt failed; null: there was no card, or there is another one. */
  readonly failureCode: string | null;
}

/** It could not be collected, or will be tried at another time. */
export function invoiceOverdue(invoice: Invoice, { retryAt, dunningEndsAt, failureCode }: OverdueNews): DomainEvent {
  const times = { retryAt: retryAt?.toISOString() ?? null, dunningEndsAt: dunningEndsAt.toISOString() };
  return event("billing.invoice.overdue.v1", invoice, { ...invoiceData(invoice, "OPEN"), ...times, failureCode });
}

/** @param from `PAID` when the bank took the money back */
export function invoiceUncollectible(invoice: Invoice, from: "OPEN" | "PAID"): DomainEvent {
  return event("billing.invoice.uncollectible.v1", invoice, invoiceData(invoice, from));
}

function invoiceData(invoice: Invoice, fromStatus: string | null) {
  const { id, accountId, number, status, totalMinor, creditMinor, currency } = invoice;
  const total = eventMoney(totalMinor, currency);
  const creditUsed = eventMoney(creditMinor, currency);
  return { invoiceId: id, accountId, number, fromStatus, toStatus: status, total, creditUsed };
}

export function creditNoteIssued(creditNote: CreditNote): DomainEvent {
  return event("billing.credit_note.issued.v1", creditNote, creditNoteData(creditNote, null));
}

export function creditNoteVoided(creditNote: CreditNote): DomainEvent {
  return event("billing.credit_note.voided.v1", creditNote, creditNoteData(creditNote, "ISSUED"));
}

function creditNoteData(creditNote: CreditNote, fromStatus: string | null) {
  const { id, accountId, invoiceId, number, reason, status, totalMinor, currency } = creditNote;
  const total = eventMoney(totalMinor, currency);
  return { creditNoteId: id, accountId, invoiceId, number, reason, fromStatus, toStatus: status, total };
}

export function paymentProcessing(payment: Payment): DomainEvent {
  return event("billing.payment.processing.v1", payment, paymentData(payment, null));
}

/** It waits for its payer. */
export function paymentActionRequired(payment: Payment): DomainEvent {
  return event("billing.payment.action_required.v1", payment, paymentData(payment, "PROCESSING"));
}

/** @param providerEventId what the provider told of its own accord; null: it was asked */
export function paymentSettled(payment: Payment, providerEventId: ProviderEventId | null): DomainEvent {
  const type = payment.status === "SUCCEEDED" ? "billing.payment.succeeded.v1" : "billing.payment.failed.v1";
  const { provider, providerRef } = payment;
  return event(type, payment, { ...paymentData(payment, "PROCESSING"), provider, providerRef, providerEventId });
}

export function refundProcessing(refund: Refund, invoice: Invoice): DomainEvent {
  return event("billing.refund.processing.v1", refund, refundData(refund, invoice, null));
}

export interface RefundNews {
  /** `SUCCEEDED` when a bank sent back what had been given back. */
  readonly fromStatus: RefundStatus;
  /** What the provider told of its own accord; null: it was asked. */
  readonly providerEventId: ProviderEventId | null;
}

export function refundSettled(
  refund: Refund,
  invoice: Invoice,
  { fromStatus, providerEventId }: RefundNews,
): DomainEvent {
  const type = refund.status === "SUCCEEDED" ? "billing.refund.succeeded.v1" : "billing.refund.failed.v1";
  const { providerRef } = refund;
  return event(type, refund, { ...refundData(refund, invoice, fromStatus), providerRef, providerEventId });
}

function refundData(refund: Refund, { id: invoiceId, accountId }: Invoice, fromStatus: string | null) {
  const { id, paymentId, creditNoteId, status, failureCode, reason, amountMinor, currency } = refund;
  const amount = eventMoney(amountMinor, currency);
  const about = { refundId: id, paymentId, invoiceId, accountId, creditNoteId };
  return { ...about, fromStatus, toStatus: status, amount, reason, failureCode };
}

export interface DisputeNews {
  /** Null when it was opened. */
  readonly fromStatus: "OPEN" | null;
  /** What the provider told of its own accord. */
  readonly providerEventId: ProviderEventId;
}

export function disputeChanged(
  dispute: Dispute,
  { invoiceId }: Payment,
  { fromStatus, providerEventId }: DisputeNews,
): DomainEvent {
  const { id, paymentId, status, reason, amountMinor, currency } = dispute;
  const type = fromStatus === null ? "billing.dispute.opened.v1" : "billing.dispute.closed.v1";
  const amount = eventMoney(amountMinor, currency);
  const data = { disputeId: id, paymentId, invoiceId, fromStatus, toStatus: status, amount, reason, providerEventId };
  return event(type, dispute, data);
}

/** @param received looked at to its end */
export function providerEventReceived(
  { id, provider, providerRef, type, outcome }: FinishedEvent,
  { id: paymentId, invoiceId, organizationId }: Payment,
): DomainEvent {
  const told = { provider, providerEventRef: providerRef, providerEventType: type };
  const data = { providerEventId: id, ...told, paymentId, invoiceId, outcome };
  return event("billing.provider_event.received.v1", { id, organizationId, version: 1 }, data);
}

function paymentData(payment: Payment, fromStatus: string | null) {
  const { id, invoiceId, status, failureCode, amountMinor, currency, payerPresent } = payment;
  const amount = eventMoney(amountMinor, currency);
  return { paymentId: id, invoiceId, fromStatus, toStatus: status, amount, failureCode, payerPresent };
}

export interface CountedUse {
  readonly period: Period;
  /** What is used in this month then. */
  readonly used: bigint;
  /** It lay before the month in which it came. */
  readonly late: boolean;
}

export function usageRecorded(record: UsageRecord, { period, used, late }: CountedUse): DomainEvent {
  const { id, organizationId, meter, quantity, at } = record;
  const what = { usageRecordId: id, organizationId, meter, quantity: quantity.toString(), at: at.toISOString() };
  const month = { periodStart: period.start.toISOString(), periodEnd: period.end.toISOString() };
  const data = { ...what, ...month, used: used.toString(), late };
  return event("billing.usage.recorded.v1", { id, organizationId, version: 1 }, data);
}

export interface EntitlementChange {
  /** At least one. */
  readonly entitlements: readonly Entitlement[];
  /** The share of the limit that use came to; null: the plan changed what is granted. */
  readonly reachedPercent: number | null;
}

/** Nothing of the organisation itself changed. */
export function entitlementChanged(
  organizationId: OrganizationId,
  { entitlements, reachedPercent }: EntitlementChange,
): DomainEvent {
  const data = { organizationId, entitlements: entitlements.map(writeEntitlement), reachedPercent };
  return event("billing.entitlement.changed.v1", { id: organizationId, organizationId, version: 0 }, data);
}
