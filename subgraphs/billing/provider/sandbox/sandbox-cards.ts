/** Test cards of the sandbox, by the token that its form would give. Documented in `schema/billing.graphql`. */

export interface SandboxCard {
  readonly brand: string;
  readonly last4: string;
  /** How a charge of it ends: `succeeded`, a decline code, or `action` where the payer has to confirm it. */
  readonly outcome: string;
  /** It is decided after a while. */
  readonly isSlow?: boolean;
  /** It is charged, and the answer never comes. */
  readonly losesAnswer?: boolean;
  /** The payer asks for the money back at the bank. */
  readonly isDisputed?: boolean;
  /** Its bank takes no refund: one fails after a while. */
  readonly refusesRefunds?: boolean;
}

const CARDS: Readonly<Record<string, SandboxCard>> = {
  tok_visa: { brand: "visa", last4: "4242", outcome: "succeeded" },
  tok_mastercard: { brand: "mastercard", last4: "4444", outcome: "succeeded" },
  tok_declined: { brand: "visa", last4: "0002", outcome: "card_declined" },
  tok_insufficient_funds: { brand: "visa", last4: "9995", outcome: "insufficient_funds" },
  tok_expired: { brand: "visa", last4: "0069", outcome: "expired_card" },
  tok_slow: { brand: "visa", last4: "3184", outcome: "succeeded", isSlow: true },
  tok_slow_declined: { brand: "visa", last4: "3178", outcome: "card_declined", isSlow: true },
  tok_action: { brand: "visa", last4: "3155", outcome: "action" },
  tok_timeout: { brand: "visa", last4: "0119", outcome: "succeeded", losesAnswer: true },
  tok_refund_fails: { brand: "visa", last4: "5126", outcome: "succeeded", refusesRefunds: true },
  tok_disputed: { brand: "visa", last4: "0259", outcome: "succeeded", isDisputed: true },
};

export const CARD_TOKENS: readonly string[] = Object.keys(CARDS);

/** `tok_visa-2` is another card than `tok_visa`, which behaves alike. */
const TOKEN = /^(tok_[a-z_]+)(?:-[A-Za-z0-9_-]+)?$/;

/** @returns the name of what it behaves like; undefined for a token of no card */
export function cardName(token: string): string | undefined {
  const [, name = ""] = TOKEN.exec(token) ?? [];
  return Object.hasOwn(CARDS, name) ? name : undefined;
}

/** @param name of `cardName` */
export function cardOf(name: string): SandboxCard | undefined {
  return Object.hasOwn(CARDS, name) ? CARDS[name] : undefined;
}
