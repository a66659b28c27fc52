/**
 * The subgraphs that are reached over HTTP, each with its instances: those that told the registry, else those of the
 * settings or the supergraph. Instances come and go without a restart; calls under way to one that went end there.
 */
import type { ServiceDirectory } from "../../platform/discovery/service-directory.ts";
import { type Balancer, createBalancer } from "./balancer.ts";
import type { CallPolicy } from "./call-policy.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { InstanceAddress } from "./instance.ts";
import { createResilientExchange } from "./resilient-exchange.ts";

export interface SubgraphTarget {
  readonly subgraph: string;
  readonly policy: CallPolicy;
  readonly balancer: Balancer;
}

export interface SubgraphTargets {
  /** Calls to the subgraph at these addresses, or wherever the registry says. One target for each call of this. */
  open(subgraph: string, addresses: readonly URL[]): Pick<HttpExchange, "post">;
  all(): readonly SubgraphTarget[];
}

export interface SubgraphTargetsOptions {
  readonly exchange: HttpExchange;
  readonly policyOf: (subgraph: string) => CallPolicy;
  /** Absent: addresses do not change. */
  readonly directory?: ServiceDirectory | undefined;
}

/** Where all our subgraphs answer. */
const PATH = "/graphql";

export function createSubgraphTargets({ exchange, policyOf, directory }: SubgraphTargetsOptions): SubgraphTargets {
  const targets: SubgraphTarget[] = [];
  const given = new Map<SubgraphTarget, readonly InstanceAddress[]>();
  const listed = new Map<string, readonly InstanceAddress[]>();

  function take(target: SubgraphTarget): void {
    const registered = listed.get(target.subgraph) ?? [];
    const removed = target.balancer.replace(registered.length > 0 ? registered : (given.get(target) ?? []));
    const used = new Set(targets.flatMap(({ balancer }) => balancer.instances.map(({ url }) => url.origin)));
    for (const { url } of removed) if (!used.has(url.origin)) exchange.leave(url);
  }

  directory?.onChange((service, instances) => {
    listed.set(
      service,
      instances.map(({ id, url, release }) => ({ id, url: new URL(PATH, url), release })),
    );
    for (const target of targets) if (target.subgraph === service) take(target);
  });

  return {
    open(subgraph, addresses) {
      const before = targets.filter((target) => target.subgraph === subgraph);
      const number = before.reduce((sum, target) => sum + (given.get(target)?.length ?? 0), 1);
      const policy = policyOf(subgraph);
      const target = { subgraph, policy, balancer: createBalancer(policy, now) };
      targets.push(target);
      given.set(
        target,
        addresses.map((url, index) => ({ id: `given-${number + index}`, url })),
      );
      take(target);
      return createResilientExchange({ exchange, balancer: target.balancer, policy, now, random: Math.random });
    },
    all: () => targets,
  };
}

function now(): number {
  return performance.now();
}
