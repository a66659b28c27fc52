/**
 * The sandbox provider, in process: test tokens decide the outcome and no money exists. A method's reference names its
 * outcome and a charge's reference its outcome and due time, so both mean the same after a restart. It remembers recent
 * charges by key, and the outcome of a forgotten one depends on the method alone: no key can ever have two outcomes.
 */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../../platform/clock.ts";
import type { ChargeRequest, ChargeResult, PaymentProvider } from "./payment-provider.ts";

interface Behaviour {
  readonly brand: string;
  readonly last4: string;
  readonly slow: boolean;
  readonly failureCode?: string;
}

/** By token. Documented in `schema/billing.graphql`. */
const CARDS: Readonly<Record<string, Behaviour>> = {
  tok_visa: { brand: "visa", last4: "4242", slow: false },
  tok_mastercard: { brand: "mastercard", last4: "4444", slow: false },
  tok_declined: { brand: "visa", last4: "0002", slow: false, failureCode: "card_declined" },
  tok_insufficient_funds: { brand: "visa", last4: "9995", slow: false, failureCode: "insufficient_funds" },
  tok_slow: { brand: "visa", last4: "3184", slow: true },
  tok_slow_declined: { brand: "visa", last4: "3178", slow: true, failureCode: "card_declined" },
};

/** `tok_visa-2` is another card than `tok_visa`, which behaves alike. */
const TOKEN = /^(tok_[a-z_]+)(?:-[A-Za-z0-9_-]+)?$/;
const METHOD_REFERENCE = /^sbx_pm_[0-9a-f]{24}\.(tok_[a-z_]+)$/;
const CHARGE_REFERENCE = /^sbx_ch_[0-9a-f]{24}\.(\d+)\.([a-z_]+)$/;
const MAX_CHARGES = 10_000;
const EXPIRY = { expMonth: 12, expYear: 2099 };

export interface SandboxProviderOptions {
  readonly clock: Clock;
  /** How long slow cards stay undecided, in milliseconds. */
  readonly delayMs: number;
}

export function createSandboxProvider({ clock, delayMs }: SandboxProviderOptions): PaymentProvider {
  const charges = new LRUCache<string, { readonly request: ChargeRequest; readonly providerRef: string }>({
    max: MAX_CHARGES,
  });

  function retrieveNow(providerRef: string): ChargeResult {
    const [, due, outcome] = CHARGE_REFERENCE.exec(providerRef) ?? [];
    if (due === undefined || outcome === undefined) throw new Error("the sandbox provider knows no such charge");
    if (clock.now().getTime() < Number(due)) return { status: "PROCESSING", providerRef };
    return outcome === "succeeded"
      ? { status: "SUCCEEDED", providerRef }
      : { status: "FAILED", providerRef, failureCode: outcome };
  }

  return {
    name: "sandbox",
    async attach({ idempotencyKey, token }) {
      const [, name = ""] = TOKEN.exec(token) ?? [];
      const card = Object.hasOwn(CARDS, name) ? CARDS[name] : undefined;
      if (card === undefined) {
        const tokens = Object.keys(CARDS).join(", ");
        return { status: "REFUSED", reason: `The sandbox knows these test tokens: ${tokens}.` };
      }
      const { brand, last4 } = card;
      const reference = `sbx_pm_${digest(idempotencyKey)}.${name}`;
      return { status: "ATTACHED", kind: "card", brand, last4, ...EXPIRY, fingerprint: digest(token), reference };
    },
    detach: async () => undefined,
    async charge(request) {
      const existing = charges.get(request.idempotencyKey);
      if (existing !== undefined) {
        if (!isSame(existing.request, request)) throw new Error("the idempotency key belongs to another charge");
        return retrieveNow(existing.providerRef);
      }
      const [, token = ""] = METHOD_REFERENCE.exec(request.reference) ?? [];
      const card = CARDS[token];
      if (card === undefined) throw new Error("the sandbox provider knows no such payment method");
      const due = clock.now().getTime() + (card.slow ? delayMs : 0);
      const providerRef = `sbx_ch_${digest(request.idempotencyKey)}.${due}.${card.failureCode ?? "succeeded"}`;
      charges.set(request.idempotencyKey, { request, providerRef });
      return retrieveNow(providerRef);
    },
    retrieve: async (providerRef) => retrieveNow(providerRef),
  };
}

function isSame(a: ChargeRequest, b: ChargeRequest): boolean {
  return a.amountMinor === b.amountMinor && a.currency === b.currency && a.reference === b.reference;
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 24);
}
