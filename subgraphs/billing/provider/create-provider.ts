/** The payment provider that the settings name. */
import { hkdfSync } from "node:crypto";
import Stripe from "stripe";
import type { Clock } from "../../../platform/clock.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { PaymentProvider } from "./payment-provider.ts";
import type { ProviderSettings } from "./provider-settings.ts";
import { createSandbox } from "./sandbox/create-sandbox.ts";
import { createStripeProvider } from "./stripe/stripe-provider.ts";

export interface ProviderDeps {
  readonly settings: ProviderSettings;
  /** The newest signs what the sandbox sends. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Shorter than the gateway waits for us, and than a caller's answer may take. */
const TIMEOUT_MS = 7_000;
const SECRET_BYTES = 32;
/** Of Stripe's test mode: docs.stripe.com/keys */
const TEST_KEY = /^[sr]k_test_/;

/** @throws AppError `CONFIG_INVALID` where a provider is named and its key is not */
export function createProvider({ settings, secrets, clock, logger }: ProviderDeps): {
  readonly provider: PaymentProvider;
  readonly parts: readonly LifecyclePart[];
} {
  const { PAYMENT_RETURN_URL: returnUrl } = settings;
  if (settings.PAYMENT_PROVIDER === "sandbox") {
    const sandbox = createSandbox({
      ...{ clock, logger, returnUrl, timeoutMs: TIMEOUT_MS },
      delayMs: settings.SANDBOX_PROVIDER_DELAY_MS,
      webhookSecret: sandboxWebhookSecret(secrets),
      webhookUrl: settings.SANDBOX_WEBHOOK_URL,
      webhookManner: settings.SANDBOX_WEBHOOKS,
    });
    return { provider: sandbox.provider, parts: [sandbox.part] };
  }
  const { STRIPE_API_KEY: apiKey, STRIPE_API_URL: url, STRIPE_WEBHOOK_SECRETS: webhookSecrets } = settings;
  if (apiKey === undefined || webhookSecrets === undefined) {
    throw new AppError(
      "CONFIG_INVALID",
      "Set STRIPE_API_KEY and STRIPE_WEBHOOK_SECRETS to use PAYMENT_PROVIDER=stripe.",
    );
  }
  const stripe = new Stripe(apiKey, {
    ...(url === undefined ? {} : addressOf(new URL(url))),
    timeout: TIMEOUT_MS,
    // The settlement worker asks again, with the same key.
    maxNetworkRetries: 0,
    telemetry: false,
  });
  return {
    provider: createStripeProvider({
      ...{ name: "stripe", client: () => stripe, webhookSecrets, returnUrl, clock },
      isTest: TEST_KEY.test(apiKey),
    }),
    parts: [],
  };
}

/** All instances have the same. */
function sandboxWebhookSecret([newest = ""]: readonly string[]): string {
  return Buffer.from(hkdfSync("sha256", newest, "", "sandbox webhooks", SECRET_BYTES)).toString("hex");
}

function addressOf({ protocol, hostname, port }: URL) {
  const isPlain = protocol === "http:";
  return {
    protocol: isPlain ? "http" : "https",
    host: hostname,
    port: port === "" ? (isPlain ? 80 : 443) : port,
  } as const;
}
