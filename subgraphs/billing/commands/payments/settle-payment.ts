/**
 * Records the outcome of a payment together with everything that follows from it: invoice paid, subscription active or
 * changed; or, declined, past due or as it was. Repeating it changes nothing, so the request that charged, a worker and
 * a second worker may all bring the same outcome.
 */
import { type CommandScope, runCommand } from "../../../../platform/database/command.ts";
import type { Causation } from "../../../../platform/events/envelope.ts";
import type { StepResult } from "../../../../platform/saga/saga-participant.ts";
import { reactivate } from "../../collection/reactivate.ts";
import { creditRest } from "../../credit/credit-rest.ts";
import type { ProviderEventId } from "../../domain/ids.ts";
import type { Invoice } from "../../domain/invoice.ts";
import type { Payment, PaymentOutcome } from "../../domain/payment.ts";
import type { BillingSubscription, SubscriptionChange } from "../../domain/subscription.ts";
import { invoicePaid, paymentSettled, subscriptionPastDue } from "../../domain-events.ts";
import { scheduleRetry } from "../../dunning/schedule-retry.ts";
import { applyChange, revertChange } from "../../lifecycle/pending-change.ts";
import { settleTriedMethod } from "../../payment-methods/tried-method.ts";
import { declineReason } from "../../provider/decline-reason.ts";
import { participant } from "../../saga-steps/participant.ts";
import type { BillingServices } from "../../services.ts";
import { changeAccountStatus, lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { findInvoices, findPaidLine, lockInvoice, markInvoicePaid } from "../../store/invoices.ts";
import { recordOutcome } from "../../store/payments.ts";
import { requireRow } from "../../store/require-row.ts";
import { endChange, findPendingChangeOf } from "../../store/subscription-changes.ts";
import { findSubscriptions, markPastDue } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";

/** A settled payment and what followed from it, as committed. */
export interface Settlement {
  readonly payment: Payment;
  readonly invoice: Invoice;
  /** Undefined when it is as it was. */
  readonly subscription: BillingSubscription | undefined;
}

export interface SettledBy {
  readonly causation: Causation;
  /** What the provider told of its own accord. */
  readonly providerEventId?: ProviderEventId | undefined;
}

/** @returns undefined when the payment was settled before */
export async function settlePayment(
  services: BillingServices,
  payment: Payment,
  outcome: PaymentOutcome,
  { causation, providerEventId }: SettledBy,
): Promise<Settlement | undefined> {
  const { organizationId, invoiceId, id } = payment;
  const { result } = await runCommand(
    services,
    { tenants: [organizationId], causation },
    async (scope): Promise<Settlement | undefined> => {
      const { tx, emit } = scope;
      // First the account, then the invoice, as everyone does who decides about payments: nobody locks crosswise.
      const account = await lockAccount(tx, requireRow((await findInvoices(tx, [invoiceId])).at(0)).accountId);
      const here = inTimeOf(services, account);
      const at = here.clock.now();
      const open = await lockInvoice(tx, invoiceId);
      const payment = await recordOutcome(tx, id, outcome, at);
      if (payment === undefined) return undefined;
      emit(paymentSettled(payment, providerEventId ?? null));
      await settleTriedMethod(scope, payment);
      const settled = { services: here, scope, payment, open, at };
      return payment.status === "FAILED" ? afterDecline(settled) : afterPayment(settled);
    },
  );
  return result;
}

interface Settled {
  readonly services: BillingServices;
  readonly scope: CommandScope<BillingTransaction>;
  readonly payment: Payment;
  /** As it was until now. */
  readonly open: Invoice;
  readonly at: Date;
}

async function afterDecline({ services, scope, payment, open, at }: Settled): Promise<Settlement> {
  const { tx, emit } = scope;
  await tellSaga(services, scope, open, { outcome: "FAILED", reason: declineReason(payment.failureCode) });
  const change = await findPendingChangeOf(tx, open.id);
  if (change !== undefined) {
    const invoice = await revertChange(scope, change, open, at);
    return { payment, invoice, subscription: undefined };
  }
  const { subscriptionId } = open;
  if (subscriptionId === null) return { payment, invoice: open, subscription: undefined };
  const late = await markPastDue(tx, subscriptionId, at);
  if (late !== undefined) emit(subscriptionPastDue(late, open.id, payment.id));
  const { status } = late ?? requireRow((await findSubscriptions(tx, [subscriptionId])).at(0));
  const { failureCode } = payment;
  const invoice = status === "PAST_DUE" ? await scheduleRetry(scope, { invoice: open, failureCode, at }) : open;
  return { payment, invoice, subscription: late };
}

async function afterPayment({ services, scope, payment, open, at }: Settled): Promise<Settlement> {
  const { tx, emit } = scope;
  const invoice = await markInvoicePaid(tx, open.id, at);
  emit(invoicePaid(invoice, payment.id));
  const { subscriptionId } = invoice;
  if (subscriptionId === null) return { payment, invoice, subscription: undefined };
  const change = await findPendingChangeOf(tx, open.id);
  if (change !== undefined) return { payment, invoice, subscription: await finishChange(services, scope, change, at) };
  const subscription = await reactivate(scope, subscriptionId, at);
  // Set up together with the plan: from now on it is there to work with.
  if (subscription !== undefined) {
    await changeAccountStatus(tx, invoice.accountId, { from: ["PENDING"], to: "ACTIVE", at });
  }
  await tellSaga(services, scope, invoice, { outcome: "DONE" });
  return { payment, invoice, subscription };
}

/** @returns undefined when the subscription ended meanwhile: then the money is credited */
async function finishChange(
  services: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  change: SubscriptionChange,
  at: Date,
): Promise<BillingSubscription | undefined> {
  const subscription = requireRow((await findSubscriptions(tx, [change.subscriptionId])).at(0));
  if (subscription.status === "ACTIVE" || subscription.status === "PAUSED") {
    await endChange(tx, change.id, { status: "APPLIED", at });
    return applyChange({ tx, emit }, subscription, change, at);
  }
  await endChange(tx, change.id, { status: "REVERTED", at });
  const { accountId } = subscription;
  const line = await findPaidLine(tx, subscription.id, change.periodStart);
  await creditRest(services, { tx, emit }, { line, accountId, reason: "PLAN_CANCELED", from: change.periodStart });
  return undefined;
}

/** Whoever started the plan in a saga waits for this. */
async function tellSaga(
  services: BillingServices,
  scope: CommandScope<BillingTransaction>,
  { subscriptionId }: Invoice,
  result: StepResult,
): Promise<void> {
  if (subscriptionId !== null) await participant.complete(services, scope, subscriptionId, result);
}
