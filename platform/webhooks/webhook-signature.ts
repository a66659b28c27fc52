/**
 * Signatures of webhooks by the open specification of https://www.standardwebhooks.com: HMAC-SHA256 over id, time and
 * body, in the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`. A call is good for five minutes.
 */
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import type { WebhookRequest } from "./webhook.ts";

/** `whsec_` and 24 bytes or more in base64. */
const secret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, {
  error: "must be whsec_ with at least 24 random bytes in base64",
});

/** Comma-separated; all verify, so that a secret can be replaced without a failed call. */
export const webhookSecrets = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .pipe(z.array(secret).min(1));

/**
 * @param secrets any of them will do
 * @throws AppError `UNAUTHENTICATED` when the call is not signed with any of them, or too old
 */
export function requireSigned(secrets: readonly string[], { headers, body }: WebhookRequest): void {
  const signed: Record<string, string> = {};
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    const value = headers[name];
    if (value === undefined) throw unsigned(`The header ${name} is missing.`);
    signed[name] = value;
  }
  if (!secrets.some((each) => isSignedWith(each, body, signed))) {
    throw unsigned("The signature does not fit, or is older than five minutes.");
  }
}

/** What is signed. */
export interface SignedCall {
  readonly id: string;
  /** When it is sent; the header has seconds. */
  readonly at: Date;
  readonly body: string;
}

/**
 * The headers of a call of ours, with one signature per secret.
 * @param secrets all that the receiver may know (`whsec_…`)
 * @throws Error when there is none
 */
export function signatureHeaders(secrets: readonly string[], { id, at, body }: SignedCall): Record<string, string> {
  if (secrets.length === 0) throw new Error("a webhook without a live secret cannot be signed");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((each) => new Webhook(each).sign(id, at, body)).join(" "),
  };
}

function isSignedWith(secretText: string, body: Buffer, headers: Record<string, string>): boolean {
  try {
    new Webhook(secretText).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

function unsigned(message: string): AppError {
  return new AppError("UNAUTHENTICATED", `${message} Sign the call as https://www.standardwebhooks.com says.`);
}
