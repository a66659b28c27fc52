// A gateway of the platform's kind on a free port: it asks an invented authenticator who callers are, and subgraphs in
// its own process.
import { z } from "zod";
import type { AuthenticatorPart } from "../../../gateway/auth/authenticator.ts";
import type { GatewayOptions } from "../../../gateway/gateway-options.ts";
import { createGateway } from "../../../gateway/index.ts";
import type { GatewaySettings } from "../../../gateway/ports.ts";
import { systemClock } from "../../../platform/clock.ts";
import { parseConfig } from "../../../platform/config/parse-config.ts";
import { gatewaySettings } from "../../../platform/config/settings.ts";
import { createLifecycle, type LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import { type Answer, BRIEF_NOTICE_MS, parseAnswer } from "./standalone-gateway.ts";

export interface SignedInOptions
  extends Pick<GatewayOptions, "logger" | "headers">,
    Partial<Pick<GatewayOptions, "endpoints" | "urls" | "eventLog" | "createLive" | "counting">> {
  readonly authenticate: AuthenticatorPart["authenticate"];
  readonly settings?: Partial<GatewaySettings>;
  /** Started before it, stopped after it. */
  readonly parts?: readonly LifecyclePart[];
}

export interface SignedInGateway {
  readonly url: string;
  /** POSTs an operation. */
  post(body: object, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  stop(): Promise<void>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Answer;
  readonly text: string;
}

export const bearer = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

export async function startSignedInGateway(options: SignedInOptions): Promise<SignedInGateway> {
  const { authenticate, settings = {}, parts = [], ...given } = options;
  const lifecycle = createLifecycle(given.logger);
  for (const part of parts) lifecycle.add(part);
  const defaults = parseConfig(z.object(gatewaySettings), {
    CURSOR_SECRET: "c".repeat(32),
    GATEWAY_PORT: "0",
    DRAIN_NOTICE_MS: BRIEF_NOTICE_MS,
  });
  const gateway = await createGateway({
    ...given,
    settings: { ...defaults, ...settings },
    production: false,
    release: "test",
    host: "127.0.0.1",
    lifecycle,
    clock: systemClock,
    authenticator: {
      name: "authenticator",
      authenticate,
      onRevoked: () => () => undefined,
      forget: async () => undefined,
    },
  });
  await lifecycle.start();
  const url = `http://127.0.0.1:${gateway.port}`;
  return {
    url,
    async post(body, headers = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: parseAnswer(text), text };
    },
    stop: () => lifecycle.stop(),
  };
}
