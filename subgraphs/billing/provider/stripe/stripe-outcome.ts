/** What becomes of charges and refunds, by the states that Stripe gives them: docs.stripe.com/payments/intents */
import type Stripe from "stripe";
import type { ChargeResult, DisputeState, RefundResult } from "../payment-provider.ts";
import { fromStripeAmount } from "./stripe-amount.ts";

export function outcomeOfIntent(intent: Stripe.PaymentIntent): ChargeResult {
  const { id: providerRef, status } = intent;
  switch (status) {
    case "succeeded":
      return { status: "SUCCEEDED", providerRef };
    case "requires_payment_method":
      return { status: "FAILED", providerRef, failureCode: failureOf(intent.last_payment_error) };
    case "canceled":
      return { status: "FAILED", providerRef, failureCode: "action_expired" };
    case "requires_action": {
      const actionUrl = intent.next_action?.redirect_to_url?.url;
      return { status: "PROCESSING", providerRef, ...(actionUrl == null ? {} : { actionUrl }) };
    }
    default:
      return { status: "PROCESSING", providerRef };
  }
}

/** The code that says most, e.g. `insufficient_funds` rather than `card_declined`. */
function failureOf(error: Stripe.PaymentIntent.LastPaymentError | null): string {
  const { code, decline_code: declined } = error ?? {};
  if (code !== "card_declined") return code ?? "declined";
  return declined == null || declined === "generic_decline" ? code : declined;
}

export function outcomeOfRefund({ id: providerRef, status, failure_reason: reason }: Stripe.Refund): RefundResult {
  if (status === "succeeded") return { status: "SUCCEEDED", providerRef };
  if (status === "failed" || status === "canceled") {
    return { status: "FAILED", providerRef, failureCode: reason ?? "refund_failed" };
  }
  return { status: "PROCESSING", providerRef };
}

export function stateOfDispute({ status, reason, amount, currency }: Stripe.Dispute): DisputeState {
  const amountMinor = fromStripeAmount(amount, currency);
  if (status === "lost") return { status: "LOST", reason, amountMinor };
  // A warning that was closed, and what was prevented, took no money.
  const isOver = status === "won" || status === "warning_closed" || status === "prevented";
  return { status: isOver ? "WON" : "OPEN", reason, amountMinor };
}
