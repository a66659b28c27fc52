/**
 * What the sandbox knows: no money exists. A method's id names its card, and a charge's id its outcome and due time, so
 * both mean the same after a restart. The rest it remembers as long as it runs, and is asked for no longer.
 */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../../../platform/clock.ts";
import { CARD_TOKENS, cardName, cardOf, type SandboxCard } from "./sandbox-cards.ts";

export type Metadata = Readonly<Record<string, string>>;

export interface NewIntent {
  /** The idempotency key: the same one is the same charge. */
  readonly key: string;
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  /** Id of the method. */
  readonly method: string;
  readonly metadata: Metadata;
  readonly returnUrl: string | null;
}

export interface Intent extends Omit<NewIntent, "key" | "method"> {
  readonly id: string;
  readonly createdAt: number;
  /** What the payer, or we, did with one that waits. */
  decision: "confirmed" | "declined" | "canceled" | undefined;
  refunded: number;
  readonly refusesRefunds: boolean;
}

export type IntentStatus = "succeeded" | "processing" | "requires_action" | "requires_payment_method" | "canceled";

export type RefundStatus = "succeeded" | "pending" | "failed";

export interface Refund {
  /** Names its outcome and due time. */
  readonly id: string;
  readonly intent: string;
  readonly amount: number;
  readonly currency: string;
  readonly metadata: Metadata;
}

export interface Dispute {
  readonly id: string;
  readonly intent: string;
  readonly amount: number;
  readonly currency: string;
  status: "needs_response" | "won" | "lost";
}

/** A request that can never succeed, with Stripe's code. */
export class SandboxRefusal extends Error {
  override readonly name = "SandboxRefusal";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const METHOD_ID = /^sbx_pm_[0-9a-f]{24}\.(tok_[a-z_]+)$/;
const REFUND_ID = /^sbx_re_[0-9a-f]{24}\.(\d+)\.([a-z]+)$/;
const INTENT_ID = /^sbx_ch_[0-9a-f]{24}\.(\d+)\.([a-z_]+)$/;
const REMEMBERED = 1_000;

export type SandboxLedger = ReturnType<typeof createSandboxLedger>;

/** @param delayMs how long slow cards stay undecided */
export function createSandboxLedger({ clock, delayMs }: { readonly clock: Clock; readonly delayMs: number }) {
  const intents = new LRUCache<string, Intent>({ max: REMEMBERED });
  const refunds = new LRUCache<string, Refund>({ max: REMEMBERED });
  const disputes = new LRUCache<string, Dispute>({ max: REMEMBERED });
  const now = () => clock.now().getTime();

  /** One that was forgotten has its outcome still. */
  function intent(id: string): Intent {
    const known = intents.get(id);
    if (known !== undefined) return known;
    if (!INTENT_ID.test(id)) throw new SandboxRefusal("resource_missing", `No such payment intent: ${id}`);
    const nothing = {
      amount: 0,
      currency: "eur",
      customer: null,
      metadata: {},
      returnUrl: null,
      refusesRefunds: false,
    };
    return { id, createdAt: 0, decision: undefined, refunded: 0, ...nothing };
  }

  function statusOf({ id, decision }: Intent): IntentStatus {
    const [, due, outcome = ""] = INTENT_ID.exec(id) ?? [];
    if (decision === "canceled") return "canceled";
    if (outcome === "action") {
      if (decision === undefined) return "requires_action";
      return decision === "confirmed" ? "succeeded" : "requires_payment_method";
    }
    if (now() < Number(due)) return "processing";
    return outcome === "succeeded" ? "succeeded" : "requires_payment_method";
  }

  return {
    intent,
    statusOf,
    /** Why one that is `requires_payment_method` failed. */
    failureOf({ id }: Intent): string {
      const [, , outcome = ""] = INTENT_ID.exec(id) ?? [];
      return outcome === "action" ? "authentication_failed" : outcome;
    },
    /** @throws SandboxRefusal for a token of no card */
    attach(
      token: string,
      key: string,
    ): { readonly id: string; readonly fingerprint: string; readonly card: SandboxCard } {
      const name = cardName(token);
      const card = name === undefined ? undefined : cardOf(name);
      if (card === undefined) {
        const known = `The sandbox knows these test tokens: ${CARD_TOKENS.join(", ")}.`;
        throw new SandboxRefusal("resource_missing", `No such test card. ${known}`);
      }
      return { id: `sbx_pm_${digest(key)}.${name}`, fingerprint: digest(token), card };
    },
    /** @throws SandboxRefusal for a method that is unknown */
    createIntent({ key, method, ...asked }: NewIntent): { readonly intent: Intent; readonly card: SandboxCard } {
      const [, name = ""] = METHOD_ID.exec(method) ?? [];
      const card = cardOf(name);
      if (card === undefined) throw new SandboxRefusal("resource_missing", `No such payment method: ${method}`);
      const due = now() + (card.isSlow === true ? delayMs : 0);
      const id = `sbx_ch_${digest(key)}.${due}.${card.outcome}`;
      const refusesRefunds = card.refusesRefunds === true;
      const created: Intent = { ...asked, id, createdAt: now(), decision: undefined, refunded: 0, refusesRefunds };
      intents.set(id, created);
      return { intent: created, card };
    },
    /** Newest first. */
    intentsSince(seconds: number): Intent[] {
      return [...intents.values()].filter(({ createdAt }) => createdAt >= seconds * 1_000);
    },
    /** @throws SandboxRefusal for one that does not wait for anybody */
    decide(id: string, decision: NonNullable<Intent["decision"]>): Intent {
      const found = intent(id);
      const status = statusOf(found);
      if (status !== "requires_action") {
        throw new SandboxRefusal("payment_intent_unexpected_state", `This payment intent is ${status}.`);
      }
      found.decision = decision;
      intents.set(id, found);
      return found;
    },
    /** @throws SandboxRefusal for more than was charged */
    refund(
      key: string,
      asked: { readonly intent: string; readonly amount: number; readonly metadata: Metadata },
    ): Refund {
      const charged = intent(asked.intent);
      if (statusOf(charged) !== "succeeded") {
        throw new SandboxRefusal("charge_not_captured", "Nothing was charged that could be refunded.");
      }
      // What a forgotten one charged nobody knows: whoever asks does.
      if (charged.amount > 0 && charged.refunded + asked.amount > charged.amount) {
        throw new SandboxRefusal("charge_already_refunded", "This is more than what is left of the charge.");
      }
      charged.refunded += asked.amount;
      const outcome = charged.refusesRefunds ? "failed" : "succeeded";
      const due = now() + (charged.refusesRefunds ? delayMs : 0);
      const refund: Refund = { ...asked, id: `sbx_re_${digest(key)}.${due}.${outcome}`, currency: charged.currency };
      refunds.set(refund.id, refund);
      return refund;
    },
    /** One that was forgotten has its outcome still. */
    findRefund: (id: string): Refund => refunds.get(id) ?? { id, intent: "", amount: 0, currency: "eur", metadata: {} },
    /** Newest first. */
    refundsOf: (intent: string): Refund[] => [...refunds.values()].filter((refund) => refund.intent === intent),
    statusOfRefund({ id }: Refund): RefundStatus {
      const [, due, outcome] = REFUND_ID.exec(id) ?? [];
      if (now() < Number(due)) return "pending";
      return outcome === "failed" ? "failed" : "succeeded";
    },
    dispute(of: Intent): Dispute {
      const { id: charged, amount, currency } = of;
      const dispute: Dispute = {
        id: `sbx_dp_${digest(charged)}`,
        intent: charged,
        amount,
        currency,
        status: "needs_response",
      };
      disputes.set(dispute.id, dispute);
      return dispute;
    },
    /** @throws SandboxRefusal for one that is unknown */
    findDispute(id: string): Dispute {
      const found = disputes.get(id);
      if (found === undefined) throw new SandboxRefusal("resource_missing", `No such dispute: ${id}`);
      return found;
    },
  };
}

/** What ids are made of: the same for the same key. */
export function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 24);
}
