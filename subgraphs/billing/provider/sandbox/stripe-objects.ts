/** The sandbox's ledger as Stripe's API shows it: what our adapter reads of it, and no more. */
import type { SandboxCard } from "./sandbox-cards.ts";
import type { Dispute, Intent, Refund, SandboxLedger } from "./sandbox-ledger.ts";

const EXPIRY = { exp_month: 12, exp_year: 2099 };

const seconds = (ms: number): number => Math.floor(ms / 1_000);

export interface ShownMethod {
  readonly id: string;
  readonly fingerprint: string;
  readonly card: SandboxCard;
}

export function methodObject({ id, fingerprint, card: { brand, last4 } }: ShownMethod, customer: string | null) {
  return { id, object: "payment_method", type: "card", customer, card: { brand, last4, fingerprint, ...EXPIRY } };
}

/** @param actionUrl where a payer confirms one that waits for that */
export function intentObject(ledger: SandboxLedger, intent: Intent, actionUrl: string) {
  const { id, amount, currency, customer, metadata, createdAt, returnUrl } = intent;
  const status = ledger.statusOf(intent);
  const failure = status === "requires_payment_method" ? declineOf(ledger.failureOf(intent)) : null;
  const redirect = { type: "redirect_to_url", redirect_to_url: { url: actionUrl, return_url: returnUrl } };
  return {
    ...{ id, object: "payment_intent", amount, currency, customer, metadata, status },
    created: seconds(createdAt),
    last_payment_error: failure,
    next_action: status === "requires_action" ? redirect : null,
  };
}

/** Why a card was declined by its bank stands beside the code that says that it was. */
const BANK_REASONS = new Set(["insufficient_funds"]);

/** As in `error`, and in `last_payment_error`. */
export function declineOf(failure: string) {
  const code = BANK_REASONS.has(failure) ? "card_declined" : failure;
  return { type: "card_error", code, decline_code: failure, message: "Your card was declined." };
}

export function refundObject(ledger: SandboxLedger, refund: Refund) {
  const { id, intent, amount, currency, metadata } = refund;
  const status = ledger.statusOfRefund(refund);
  const reason = status === "failed" ? { failure_reason: "lost_or_stolen_card" } : {};
  return { id, object: "refund", payment_intent: intent, amount, currency, metadata, status, ...reason };
}

export function disputeObject({ id, intent, amount, currency, status }: Dispute) {
  return { id, object: "dispute", payment_intent: intent, amount, currency, status, reason: "fraudulent" };
}

export interface SandboxEvent {
  readonly id: string;
  readonly object: "event";
  readonly type: string;
  readonly created: number;
  readonly data: { readonly object: object };
}

/** @param id the same for the same news, however often it is told */
export function eventObject(id: string, type: string, about: object, at: Date): SandboxEvent {
  return { id, object: "event", type, created: seconds(at.getTime()), data: { object: about } };
}
