/** The sandbox provider: a service in this process that speaks Stripe's API, and our adapter in front of it. */
import { randomBytes } from "node:crypto";
import Stripe from "stripe";
import type { Clock } from "../../../../platform/clock.ts";
import type { LifecyclePart } from "../../../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../../../platform/logger/logger.ts";
import type { PaymentProvider } from "../payment-provider.ts";
import { createStripeProvider } from "../stripe/stripe-provider.ts";
import { createSandboxLedger } from "./sandbox-ledger.ts";
import { createSandboxServer } from "./sandbox-server.ts";
import { createWebhookSender } from "./webhook-sender.ts";

const SANDBOX = "sandbox";
const HOST = "127.0.0.1";

export interface SandboxOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long slow cards stay undecided, in milliseconds. */
  readonly delayMs: number;
  /** How long an answer is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** Where a payer comes back to who confirmed a charge. */
  readonly returnUrl: string;
  /** That signs its webhooks, at least 16 characters. */
  readonly webhookSecret: string;
  /** Where it sends them; undefined: nowhere. */
  readonly webhookUrl: string | undefined;
  readonly webhookManner?: "prompt" | "unruly";
}

export interface Sandbox {
  readonly provider: PaymentProvider;
  readonly part: LifecyclePart;
  /** For what banks do: bears `authorization`. @throws Error until it is started */
  address(): { readonly url: string; readonly apiKey: string };
}

export function createSandbox(options: SandboxOptions): Sandbox {
  const { clock, logger, delayMs, timeoutMs, returnUrl, webhookSecret, webhookUrl, webhookManner = "prompt" } = options;
  const apiKey = `sk_test_${randomBytes(18).toString("hex")}`;
  const ledger = createSandboxLedger({ clock, delayMs });
  const sender =
    webhookUrl === undefined
      ? undefined
      : createWebhookSender({ url: webhookUrl, secret: webhookSecret, manner: webhookManner, clock, logger });
  let port: number | undefined;
  let stripe: Stripe | undefined;

  const requirePort = (): number => {
    if (port === undefined) throw new Error("the sandbox provider is not started");
    return port;
  };
  const ownUrl = () => `http://${HOST}:${requirePort()}`;
  const server = createSandboxServer({
    ...{ ledger, apiKey, ownUrl, delayMs, clock, logger },
    tell: (event) => sender?.send(event),
  });
  const client = (): Stripe => {
    const at = { host: HOST, port: requirePort(), protocol: "http" } as const;
    stripe ??= new Stripe(apiKey, { ...at, timeout: timeoutMs, maxNetworkRetries: 0, telemetry: false });
    return stripe;
  };
  return {
    provider: createStripeProvider({
      ...{ name: SANDBOX, isTest: true, client, webhookSecrets: [webhookSecret], returnUrl, clock },
    }),
    part: {
      name: "sandbox payment provider",
      async start() {
        await server.listen({ host: HOST, port: 0 });
        const address = server.server.address();
        if (typeof address === "object") port = address?.port;
      },
      async stop() {
        await sender?.stop();
        // Answers that never come hold their connections.
        server.server.closeAllConnections();
        await server.close();
      },
    },
    address: () => ({ url: ownUrl(), apiKey }),
  };
}
