/**
 * `GET /services`: how each subgraph is called and which instances take calls now, for people. It names no address and
 * nobody's data.
 */
import type { FastifyInstance } from "fastify";
import type { SubgraphTarget } from "../transport/subgraph-targets.ts";

export function registerServices(server: FastifyInstance, targets: () => readonly SubgraphTarget[]): void {
  server.get("/services", async () => ({
    services: targets().map(({ subgraph, policy, balancer }) => ({
      subgraph,
      policy,
      instances: balancer.instances.map(({ id, release, breaker, inFlight, requests, failures, retries }) => ({
        id,
        release: release ?? null,
        breaker: breaker.state,
        inFlight,
        requests,
        failures,
        retries,
      })),
    })),
  }));
}
