/** What an event of Stripe's is about: charges and refunds carry our names in their metadata. */
import type Stripe from "stripe";
import type { NoticeSubject, ProviderNotice } from "../payment-provider.ts";

/** Our names in Stripe's metadata. */
export const METADATA = { key: "tributary_id", organizationId: "tributary_organization_id" } as const;

/** @param chargeOf reads the charge that a dispute is about */
export async function noticeOf(
  event: Stripe.Event,
  chargeOf: (id: string) => Promise<Stripe.PaymentIntent>,
): Promise<ProviderNotice> {
  const { id, type } = event;
  return { id, type, about: await subjectOf(event, chargeOf) };
}

async function subjectOf(
  event: Stripe.Event,
  chargeOf: (id: string) => Promise<Stripe.PaymentIntent>,
): Promise<NoticeSubject | undefined> {
  switch (event.type) {
    case "payment_intent.succeeded":
    case "payment_intent.payment_failed":
    case "payment_intent.canceled":
    case "payment_intent.processing":
    case "payment_intent.requires_action":
      return named("CHARGE", event.data.object.id, event.data.object.metadata);
    case "refund.created":
    case "refund.updated":
    case "refund.failed":
      return named("REFUND", event.data.object.id, event.data.object.metadata);
    case "charge.dispute.created":
    case "charge.dispute.updated":
    case "charge.dispute.closed": {
      const { id, payment_intent: charge } = event.data.object;
      if (charge === null) return undefined;
      const { metadata } = typeof charge === "string" ? await chargeOf(charge) : charge;
      return named("DISPUTE", id, metadata);
    }
    default:
      return undefined;
  }
}

function named(
  kind: NoticeSubject["kind"],
  providerRef: string,
  metadata: Stripe.Metadata | null,
): NoticeSubject | undefined {
  const key = metadata?.[METADATA.key];
  const organizationId = metadata?.[METADATA.organizationId];
  // The account at Stripe may be used for more than us.
  return key === undefined || organizationId === undefined ? undefined : { kind, key, organizationId, providerRef };
}
