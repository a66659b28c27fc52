/**
 * Records the outcome of a payment together with everything that follows from it: invoice paid, subscription active.
 * Repeating it changes nothing, so the request that charged, a worker and a second worker may all bring the same
 * outcome.
 */
import { type CommandScope, runCommand } from "../../../platform/database/command.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { StepResult } from "../../../platform/saga/saga-participant.ts";
import type { Invoice } from "../domain/invoice.ts";
import type { Payment, PaymentOutcome } from "../domain/payment.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import { invoicePaid, paymentSettled, subscriptionActivated } from "../domain-events.ts";
import { declineReason } from "../provider/decline-reason.ts";
import { participant } from "../saga-steps/participant.ts";
import type { BillingServices } from "../services.ts";
import { changeAccountStatus } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { lockInvoice, markInvoicePaid } from "../store/invoices.ts";
import { recordOutcome } from "../store/payments.ts";
import { activateSubscription } from "../store/subscriptions.ts";

/** A settled payment and what followed from it, as committed. */
export interface Settlement {
  readonly payment: Payment;
  readonly invoice: Invoice;
  /** Undefined when it is as it was. */
  readonly subscription: BillingSubscription | undefined;
}

/** @returns undefined when the payment was settled before */
export async function settlePayment(
  services: BillingServices,
  payment: Payment,
  outcome: PaymentOutcome,
  causation: Causation,
): Promise<Settlement | undefined> {
  const { organizationId, invoiceId, id } = payment;
  const { result } = await runCommand(
    services,
    { tenants: [organizationId], causation },
    async (scope): Promise<Settlement | undefined> => {
      const { tx, emit } = scope;
      const at = services.clock.now();
      // The invoice first, as everyone does who decides about its payments: no two transactions lock crosswise.
      const open = await lockInvoice(tx, invoiceId);
      const payment = await recordOutcome(tx, id, outcome, at);
      if (payment === undefined) return undefined;
      emit(paymentSettled(payment));
      if (payment.status === "FAILED") {
        const reason = declineReason(payment.failureCode);
        await tellSaga(services, scope, open, { outcome: "FAILED", reason });
        return { payment, invoice: open, subscription: undefined };
      }
      const invoice = await markInvoicePaid(tx, invoiceId, at);
      emit(invoicePaid(invoice, id));
      if (invoice.subscriptionId === null) return { payment, invoice, subscription: undefined };
      const subscription = await activateSubscription(tx, invoice.subscriptionId, at);
      if (subscription !== undefined) {
        emit(subscriptionActivated(subscription));
        // Set up together with the plan: from now on it is there to work with.
        await changeAccountStatus(tx, invoice.accountId, { from: ["PENDING"], to: "ACTIVE", at });
      }
      await tellSaga(services, scope, invoice, { outcome: "DONE" });
      return { payment, invoice, subscription };
    },
  );
  return result;
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
