/** What a subgraph is to the processes that host it: an endpoint, parts to start and stop, health, and its own HTTP routes. */
import type { FastifyInstance } from "fastify";
import type { HealthCheck } from "../http/health.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { SubgraphEndpoint } from "./subgraph-endpoint.ts";

export interface Subgraph {
  readonly name: string;
  readonly endpoint: SubgraphEndpoint;
  /** Database, relay, consumers, workers: in start order. */
  readonly parts: readonly LifecyclePart[];
  readonly checks: readonly HealthCheck[];
  /** Routes beside `/graphql`, e.g. public keys. */
  readonly routes?: (server: FastifyInstance) => void;
}
