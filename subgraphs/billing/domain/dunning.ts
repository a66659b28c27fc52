/**
 * When a payment that failed is tried again. Why it failed decides: a bank that is away is asked within the hour, an
 * account without money some days later, and a card that is no good never: another one is needed. Codes are Stripe's:
 * docs.stripe.com/declines/codes
 */
type FailureClass = "TECHNICAL" | "FUNDS" | "REFUSED" | "CARD";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The plan goes on for so long after the first failure; then the invoice is given up. */
export const GRACE_MS = 14 * DAY_MS;

/** Counted from the first failure. */
const RETRIES: Readonly<Record<FailureClass, readonly number[]>> = {
  TECHNICAL: [1, 6, 24, 72, 168].map((hours) => hours * HOUR_MS),
  FUNDS: [2, 5, 9, 13].map((days) => days * DAY_MS),
  REFUSED: [1, 3, 6, 10].map((days) => days * DAY_MS),
  CARD: [],
};

const CLASSES: ReadonlyMap<string, FailureClass> = new Map([
  ...classed("TECHNICAL", ["processing_error", "try_again_later", "issuer_not_available", "reenter_transaction"]),
  ...classed("FUNDS", ["insufficient_funds", "withdrawal_count_limit_exceeded", "card_velocity_exceeded"]),
  ...classed("CARD", [
    "expired_card",
    "lost_card",
    "stolen_card",
    "pickup_card",
    "restricted_card",
    "card_not_supported",
    "currency_not_supported",
    "invalid_account",
    "incorrect_number",
    "invalid_number",
    "fraudulent",
    "merchant_blacklist",
    "revocation_of_authorization",
    "revocation_of_all_authorizations",
    "authentication_required",
    "authentication_failed",
    "action_expired",
    "resource_missing",
  ]),
]);

function classed(kind: FailureClass, codes: readonly string[]): [string, FailureClass][] {
  return codes.map((code) => [code, kind]);
}

export interface FailedAttempt {
  /** Null: there was no card. */
  readonly failureCode: string | null;
  /** When an attempt failed first. */
  readonly since: Date;
  readonly at: Date;
}

/** @returns null: not before there is another card */
export function nextRetry({ failureCode, since, at }: FailedAttempt): Date | null {
  if (failureCode === null) return null;
  const retries = RETRIES[CLASSES.get(failureCode) ?? "REFUSED"];
  const next = retries.map((ms) => new Date(since.getTime() + ms)).find((moment) => moment > at);
  return next ?? null;
}
