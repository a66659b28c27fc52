/**
 * The webhook of the payment provider, `POST /webhooks/<provider>`: charges, refunds and disputes that went on without
 * us. 200 for whatever it signed, also when it was told before. PAYMENTS.md says how to set it up.
 */
import type { InboundWebhook } from "../../../platform/webhooks/webhook.ts";
import { receiveNotice } from "../commands/provider-events/receive-notice.ts";
import type { BillingServices } from "../services.ts";

export function createProviderWebhook(services: BillingServices): InboundWebhook {
  const { provider } = services;
  return {
    name: provider.name,
    async receive({ headers, body }) {
      const notice = await provider.readNotice({ body, signature: headers[provider.signatureHeader] });
      await receiveNotice(services, notice);
      return { status: 200, body: JSON.stringify({ received: true }) };
    },
  };
}
