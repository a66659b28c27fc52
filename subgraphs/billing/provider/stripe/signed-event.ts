/**
 * Webhooks in Stripe's signature scheme: `stripe-signature: t=<seconds>,v1=<HMAC-SHA256 of "<t>.<body>">`, over the
 * bytes as they came. Source: docs.stripe.com/webhooks#verify-manually
 */
import type Stripe from "stripe";
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { SignedNotice } from "../payment-provider.ts";

const TOLERANCE_SECONDS = 300;

export interface SignatureCheck {
  readonly stripe: Stripe;
  /** Any of them will do, so that one can be replaced. */
  readonly secrets: readonly string[];
  readonly now: Date;
}

/** @throws AppError `BAD_REQUEST` when no secret signed it, or longer ago than five minutes, or in the future */
export function readSignedEvent(
  { stripe, secrets, now }: SignatureCheck,
  { body, signature }: SignedNotice,
): Stripe.Event {
  if (signature === undefined) throw forged("The header stripe-signature is missing.");
  // The library looks at what is too old only.
  const signedAt = Number(/(?:^|,)t=(\d{1,15})(?:,|$)/.exec(signature)?.[1] ?? Number.NaN);
  if (!(signedAt * 1_000 - now.getTime() <= TOLERANCE_SECONDS * 1_000)) throw forged("It was signed in the future.");
  for (const secret of secrets) {
    try {
      return stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_SECONDS, undefined, now.getTime());
    } catch (error) {
      if (!(error instanceof stripe.errors.StripeSignatureVerificationError)) {
        throw new AppError("BAD_REQUEST", "The body is not valid JSON.", { cause: error });
      }
    }
  }
  throw forged("The signature does not fit, or is older than five minutes.");
}

function forged(message: string): AppError {
  return new AppError("BAD_REQUEST", `${message} Only the payment provider calls this webhook.`);
}
