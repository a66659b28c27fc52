/** Settings of the payment provider. */
import { z } from "zod";
import { list, milliseconds, url } from "../../../platform/config/setting-kinds.ts";

export const providerSettings = {
  PAYMENT_PROVIDER: z
    .enum(["sandbox", "stripe"])
    .default("sandbox")
    .describe("Who moves the money. The sandbox moves none: it knows test cards only"),
  PAYMENT_RETURN_URL: url("http", "https")
    .default("http://localhost:4000/")
    .describe("Where payers come back to from their bank's page"),
  STRIPE_API_KEY: z.string().min(1).optional().describe("Secret key of the account at Stripe"),
  STRIPE_API_URL: url("http", "https").optional().describe("Where Stripe's API is, for tests against a stand-in"),
  STRIPE_WEBHOOK_SECRETS: list
    .pipe(z.array(z.string().min(16)).min(1))
    .optional()
    .describe("Comma-separated secrets (whsec_…) that sign Stripe's webhooks; all verify"),
  SANDBOX_PROVIDER_DELAY_MS: milliseconds
    .default(2_000)
    .describe("How long the sandbox provider's slow test cards take"),
  SANDBOX_WEBHOOK_URL: url("http", "https")
    .optional()
    .describe("Where the sandbox provider sends its webhooks; default: nowhere"),
  SANDBOX_WEBHOOKS: z
    .enum(["prompt", "unruly"])
    .default("prompt")
    .describe("How the sandbox provider sends them; unruly: late, several times and in any order"),
};

export type ProviderSettings = z.infer<z.ZodObject<typeof providerSettings>>;
