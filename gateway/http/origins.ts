/** Which pages may use the gateway from a browser: the configured ones and its own. */

import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";

export interface Origins {
  /** A request without an origin does not come from a page and may pass; the opaque origin `null` may not. */
  allowed(origin: string | undefined): boolean;
  /** Adds an address of the gateway itself, known once it listens. */
  add(url: string): void;
}

export function createOrigins(urls: readonly string[]): Origins {
  const allowedOrigins = new Set<string>();
  const origins: Origins = {
    allowed: (origin) => origin === undefined || allowedOrigins.has(origin),
    add(url) {
      if (URL.canParse(url)) allowedOrigins.add(new URL(url).origin);
    },
  };
  for (const url of urls) origins.add(url);
  return origins;
}

/** What a page may send and read. Credentials are never allowed: access tokens travel in a header, not in cookies. */
export async function registerCors(server: FastifyInstance, origins: Origins): Promise<void> {
  await server.register(cors, {
    origin: (origin, decide) => decide(null, origin !== undefined && origins.allowed(origin)),
    methods: ["GET", "POST"],
    allowedHeaders: [
      "content-type",
      "content-encoding",
      "authorization",
      "apollographql-client-name",
      "apollographql-client-version",
      "apollo-require-preflight",
      "x-apollo-operation-name",
      "idempotency-key",
      "last-event-id",
      "traceparent",
      "x-trace-id",
      "x-parent-span-id",
    ],
    exposedHeaders: ["x-trace-id", "retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
    credentials: false,
    maxAge: 600,
  });
}
