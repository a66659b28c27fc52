/**
 * The gateway's HTTP server with everything that needs no graph: origins, health, pages, further routes. It opens its
 * port when told to, and closes it only after its clients had time to leave and their requests time to end.
 */
import type { FastifyInstance } from "fastify";
import { createServer, listen } from "../../platform/http/create-server.ts";
import { type HealthCheck, registerHealthRoutes } from "../../platform/http/health.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import type { TailLag } from "../live/log/arrears.ts";
import { closeListener } from "./close-listener.ts";
import { drainConnections } from "./connection-draining.ts";
import { ANY_GRAPH, EXAMPLES_FOLDER, readExamples } from "./examples.ts";
import { countInFlight } from "./in-flight.ts";
import { createOrigins, type Origins, registerCors } from "./origins.ts";
import { type Pages, registerPages } from "./pages.ts";

export interface HttpListener {
  readonly server: FastifyInstance;
  readonly origins: Origins;
  readonly pages: Pages;
  /** What `/ready` asks. */
  readonly checks: readonly HealthCheck[];
  /** Whether clients may ask for the schema. */
  readonly introspection: boolean;
  /** @returns the port, known from then on as the gateway's own origin */
  open(): Promise<number>;
  /**
   * @param since when the stop began, by `performance.now()`: what it took until now is taken off the time that clients
   * have
   */
  close(since: number): Promise<void>;
}

/** Requests under way at a stop get what is left of this, and the shorter time at least. */
const STOP_MS = 8_000;
const LEAST_REQUEST_MS = 1_000;

/** Live events that are missing for longer are a problem that operators should see, in seconds. */
const LATE_SECONDS = 5;

/** @param tails how far the live room is behind the log; asked once the listener is open */
export async function createHttpListener(
  options: GatewayOptions,
  tails: () => readonly TailLag[],
): Promise<HttpListener> {
  const { settings, lifecycle, logger } = options;
  const origins = createOrigins([
    ...settings.ALLOWED_ORIGINS,
    ...(settings.GATEWAY_PUBLIC_URL === undefined ? [] : [settings.GATEWAY_PUBLIC_URL]),
  ]);
  const introspection = settings.INTROSPECTION ?? !options.production;
  const server = createServer({ logger, maxBodyBytes: settings.MAX_BODY_BYTES, sockets: true });
  const inFlight = countInFlight(server);
  const draining = drainConnections(server, lifecycle, settings.DRAIN_NOTICE_MS);
  const checks = [...(options.checks ?? []), ...(options.eventFlow === undefined ? [] : [tailCheck(tails)])];
  await registerCors(server, origins);
  registerHealthRoutes(server, {
    service: "gateway",
    release: options.release,
    lifecycle,
    checks,
    restartReason: options.eventFlow?.restartReason,
    details: () =>
      options.eventFlow === undefined ? {} : { events: { ...options.eventFlow.report(), tails: tails() } },
  });
  options.routes?.(server);
  const pages = await registerPages(server, {
    introspection,
    webClient: options.webClient,
    examples: options.authenticator === undefined ? ANY_GRAPH : await readExamples(EXAMPLES_FOLDER),
  });
  return {
    server,
    origins,
    pages,
    checks,
    introspection,
    async open() {
      const port = await listen(server, options.host, settings.GATEWAY_PORT, "GATEWAY_PORT");
      for (const name of ["127.0.0.1", "localhost"]) origins.add(`http://${name}:${port}`);
      return port;
    },
    async close(since) {
      // The listener stays open until then: `/ready` tells balancers to send no more requests.
      await draining.allClosed(settings.DRAIN_NOTICE_MS - (performance.now() - since));
      await inFlight.settled(Math.max(LEAST_REQUEST_MS, STOP_MS - (performance.now() - since)));
      await closeListener(server);
    },
  };
}

function tailCheck(tails: () => readonly TailLag[]): HealthCheck {
  return {
    name: "live events",
    critical: false,
    async check() {
      const late = tails().find(({ seconds }) => seconds >= LATE_SECONDS);
      if (late === undefined) return;
      throw new Error(`${late.events} events of ${late.topic}/${late.partition} did not arrive for ${late.seconds} s`);
    },
  };
}
