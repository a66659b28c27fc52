/**
 * The gateway alone, on any supergraph: subgraph addresses from the SDL, no sign-in, no Redis, Kafka or Postgres.
 * Headers chosen by FORWARD_HEADERS go on to the subgraphs, whose errors are shown as they come. Sockets and streams
 * carry queries and mutations; a subscription is refused, since there are no events.
 */
import { systemClock } from "../platform/clock.ts";
import type { Lifecycle } from "../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { createGateway, type Gateway } from "./index.ts";
import { createLive } from "./live/index.ts";
import type { GatewaySettings } from "./ports.ts";
import { forwardedHeaders } from "./transport/subgraph-headers.ts";

export interface StandaloneOptions {
  readonly settings: GatewaySettings;
  readonly production: boolean;
  readonly release: string;
  readonly host: string;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
}

export function createStandaloneGateway(options: StandaloneOptions): Promise<Gateway> {
  return createGateway({
    ...options,
    clock: systemClock,
    headers: forwardedHeaders,
    forward: options.settings.FORWARD_HEADERS,
    trustMessages: true,
    createLive,
  });
}
