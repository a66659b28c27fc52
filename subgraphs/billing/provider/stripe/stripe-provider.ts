/**
 * The adapter to Stripe, by its official library. A method's reference is `<customer>/<payment method>`: a card can be
 * charged again only as its customer's.
 */
import { createHash } from "node:crypto";
import type Stripe from "stripe";
import type { Clock } from "../../../../platform/clock.ts";
import type {
  AttachRequest,
  AttachResult,
  ChargeRequest,
  ChargeResult,
  PaymentProvider,
  RefundRequest,
} from "../payment-provider.ts";
import { readSignedEvent } from "./signed-event.ts";
import { toStripeAmount } from "./stripe-amount.ts";
import { METADATA, noticeOf } from "./stripe-notice.ts";
import { outcomeOfIntent, outcomeOfRefund, stateOfDispute } from "./stripe-outcome.ts";

export interface StripeProviderOptions {
  readonly name: string;
  /** It moves no real money. */
  readonly isTest: boolean;
  /** Asked for at each call: the service may only be there once the process has started. */
  readonly client: () => Stripe;
  /** That sign its webhooks; any of them will do. */
  readonly webhookSecrets: readonly string[];
  /** Where a payer comes back to who confirmed a charge. */
  readonly returnUrl: string;
  readonly clock: Clock;
}

/**
 * Stripe forgets idempotency keys after a day at the earliest (docs.stripe.com/api/idempotent_requests). Well before, a
 * charge whose answer was lost is looked for instead.
 */
const KEY_IS_GOOD_MS = 12 * 3_600_000;
/** Its clock may go behind ours. */
const CLOCKS_DIFFER_SECONDS = 300;
const PAGE = 100;

export function createStripeProvider(options: StripeProviderOptions): PaymentProvider {
  const { name, isTest, client, webhookSecrets, returnUrl, clock } = options;

  async function attach({ idempotencyKey, token, customer: owner }: AttachRequest): Promise<AttachResult> {
    const stripe = client();
    const customer = await stripe.customers.create(
      { metadata: { tributary_account: owner } },
      { idempotencyKey: keyOf("customer", owner) },
    );
    try {
      const method = await stripe.paymentMethods.attach(
        token,
        { customer: customer.id },
        { idempotencyKey: keyOf("attach", idempotencyKey) },
      );
      const { card } = method;
      return {
        status: "ATTACHED",
        kind: method.type,
        brand: card?.brand ?? null,
        last4: card?.last4 ?? null,
        expMonth: card?.exp_month ?? null,
        expYear: card?.exp_year ?? null,
        fingerprint: card?.fingerprint ?? null,
        reference: `${customer.id}/${method.id}`,
      };
    } catch (error) {
      if (isFinal(stripe, error)) return { status: "REFUSED", reason: `The card was not taken. ${error.message}` };
      throw error;
    }
  }

  async function charge(request: ChargeRequest): Promise<ChargeResult> {
    const stripe = client();
    const { idempotencyKey, amountMinor, currency, reference, organizationId, isPayerPresent } = request;
    const { customer, method } = partsOf(reference);
    const known = await lostCharge(stripe, request, customer);
    if (known !== undefined) return outcomeOfIntent(known);
    try {
      const intent = await stripe.paymentIntents.create(
        {
          amount: toStripeAmount(amountMinor, currency),
          currency: currency.toLowerCase(),
          ...(customer === undefined ? {} : { customer }),
          payment_method: method,
          confirm: true,
          metadata: { [METADATA.key]: idempotencyKey, [METADATA.organizationId]: organizationId },
          automatic_payment_methods: { enabled: true, allow_redirects: isPayerPresent ? "always" : "never" },
          ...(isPayerPresent ? { return_url: returnUrl } : { off_session: true }),
        },
        { idempotencyKey: keyOf("charge", idempotencyKey) },
      );
      return outcomeOfIntent(intent);
    } catch (error) {
      if (error instanceof stripe.errors.StripeCardError && error.payment_intent !== undefined) {
        return outcomeOfIntent(error.payment_intent);
      }
      // Nothing was charged, and asking again would change nothing.
      if (isFinal(stripe, error)) return refusal(error);
      throw error;
    }
  }

  async function lostCharge(
    stripe: Stripe,
    { idempotencyKey, askedAt }: ChargeRequest,
    customer: string | undefined,
  ): Promise<Stripe.PaymentIntent | undefined> {
    if (clock.now().getTime() - askedAt.getTime() < KEY_IS_GOOD_MS) return undefined;
    const created = { gte: Math.floor(askedAt.getTime() / 1_000) - CLOCKS_DIFFER_SECONDS };
    const asked = { created, limit: PAGE, ...(customer === undefined ? {} : { customer }) };
    for await (const intent of stripe.paymentIntents.list(asked)) {
      if (intent.metadata[METADATA.key] === idempotencyKey) return intent;
    }
    return undefined;
  }

  async function lostRefund(
    stripe: Stripe,
    { idempotencyKey, providerRef, askedAt }: RefundRequest,
  ): Promise<Stripe.Refund | undefined> {
    if (clock.now().getTime() - askedAt.getTime() < KEY_IS_GOOD_MS) return undefined;
    for await (const refund of stripe.refunds.list({ payment_intent: providerRef, limit: PAGE })) {
      if (refund.metadata?.[METADATA.key] === idempotencyKey) return refund;
    }
    return undefined;
  }

  return {
    name,
    isTest,
    signatureHeader: "stripe-signature",
    attach,
    charge,
    async detach(reference) {
      const stripe = client();
      try {
        await stripe.paymentMethods.detach(partsOf(reference).method);
      } catch (error) {
        // It is unknown, or nobody's.
        if (!(error instanceof stripe.errors.StripeInvalidRequestError)) throw error;
      }
    },
    retrieve: async (providerRef) => outcomeOfIntent(await client().paymentIntents.retrieve(providerRef)),
    async cancel(providerRef) {
      const stripe = client();
      try {
        const reason = { cancellation_reason: "abandoned" } as const;
        return outcomeOfIntent(await stripe.paymentIntents.cancel(providerRef, reason));
      } catch (error) {
        // It ended otherwise just before.
        if (!(error instanceof stripe.errors.StripeInvalidRequestError)) throw error;
        return outcomeOfIntent(await stripe.paymentIntents.retrieve(providerRef));
      }
    },
    async refund(request) {
      const stripe = client();
      const { idempotencyKey, providerRef, amountMinor, currency, organizationId } = request;
      const known = await lostRefund(stripe, request);
      if (known !== undefined) return outcomeOfRefund(known);
      try {
        const refund = await stripe.refunds.create(
          {
            payment_intent: providerRef,
            amount: toStripeAmount(amountMinor, currency),
            metadata: { [METADATA.key]: idempotencyKey, [METADATA.organizationId]: organizationId },
          },
          { idempotencyKey: keyOf("refund", idempotencyKey) },
        );
        return outcomeOfRefund(refund);
      } catch (error) {
        if (isFinal(stripe, error)) return refusal(error);
        throw error;
      }
    },
    retrieveRefund: async (providerRef) => outcomeOfRefund(await client().refunds.retrieve(providerRef)),
    retrieveDispute: async (providerRef) => stateOfDispute(await client().disputes.retrieve(providerRef)),
    async readNotice(signed) {
      const stripe = client();
      const event = readSignedEvent({ stripe, secrets: webhookSecrets, now: clock.now() }, signed);
      return noticeOf(event, (id) => stripe.paymentIntents.retrieve(id));
    },
  };
}

/** References from before had no customer. */
function partsOf(reference: string): { readonly customer: string | undefined; readonly method: string } {
  const [customer, method] = reference.split("/");
  return method === undefined ? { customer: undefined, method: reference } : { customer, method };
}

/** Keys of ours may be longer than Stripe takes, and one of them stands for several calls. */
function keyOf(call: string, key: string): string {
  return createHash("sha256").update(`${call}:${key}`).digest("hex");
}

/** Will the same request never succeed? Then nothing was done. */
function isFinal(stripe: Stripe, error: unknown): error is Stripe.errors.StripeError {
  return error instanceof stripe.errors.StripeInvalidRequestError || error instanceof stripe.errors.StripeCardError;
}

/** There is nothing at Stripe that could be named. */
function refusal({ code, requestId }: Stripe.errors.StripeError): ChargeResult {
  return { status: "FAILED", providerRef: `refused:${requestId ?? ""}`, failureCode: code ?? "refused_by_provider" };
}
