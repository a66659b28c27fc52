// A webhook's call as another service signs it: https://www.standardwebhooks.com
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";

export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

export interface SignedCall {
  readonly secret: string;
  readonly id: string;
  readonly at: Date;
}

/** The headers that sign a body. */
export function webhookHeaders(body: string, { secret, id, at }: SignedCall) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}
