/**
 * The subgraphs that are reached over HTTP, each with its instances: those that told the registry, else those of the
 * settings or the supergraph. Instances come and go without a restart; calls under way to one that went end there.
 * Queries go to instances that answer these alone, as long as any of them can be asked.
 */
import { queryService } from "../../platform/discovery/query-service.ts";
import type { ServiceDirectory } from "../../platform/discovery/service-directory.ts";
import { type Balancer, createBalancer } from "./balancer.ts";
import { failureKind } from "./call-failure.ts";
import type { CallPolicy } from "./call-policy.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { InstanceAddress } from "./instance.ts";
import { createResilientExchange } from "./resilient-exchange.ts";

export interface SubgraphTarget {
  readonly subgraph: string;
  readonly policy: CallPolicy;
  readonly balancer: Balancer;
}

/** Calls to one subgraph. */
export interface SubgraphCalls {
  readonly commands: Pick<HttpExchange, "post">;
  readonly queries: Pick<HttpExchange, "post">;
}

export interface SubgraphTargets {
  /**
   * Calls to the subgraph at these addresses, or wherever the registry says. One target for each call of this, and one
   * for the instances that answer queries alone.
   */
  open(subgraph: string, addresses: readonly URL[]): SubgraphCalls;
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

  function add(service: string, subgraph: string, addresses: readonly InstanceAddress[]): SubgraphTarget {
    const policy = policyOf(subgraph);
    const target = { subgraph: service, policy, balancer: createBalancer(policy, now) };
    targets.push(target);
    given.set(target, addresses);
    take(target);
    return target;
  }

  const callsTo = ({ balancer }: SubgraphTarget, policy: CallPolicy) =>
    createResilientExchange({ exchange, balancer, policy, now, random: Math.random });

  return {
    open(subgraph, addresses) {
      const before = targets.filter((target) => target.subgraph === subgraph);
      const number = before.reduce((sum, target) => sum + (given.get(target)?.length ?? 0), 1);
      const everything = add(
        subgraph,
        subgraph,
        addresses.map((url, index) => ({ id: `given-${number + index}`, url })),
      );
      const commands = callsTo(everything, everything.policy);
      const alone = add(queryService(subgraph), subgraph, []);
      // Nobody waits for one of these to come back: the others are asked at once.
      const queries = callsTo(alone, { ...alone.policy, retryDelaysMs: [] });
      return { commands, queries: firstOf(alone.balancer, queries, commands) };
    },
    // Nobody may answer queries alone.
    all: () => targets.filter((target) => given.get(target)?.length !== 0 || target.balancer.instances.length > 0),
  };
}

function now(): number {
  return performance.now();
}

/**
 * Asks those that answer queries alone. The others are asked when there is none of these, when none may be called, and
 * when the one that was asked gave no answer.
 */
function firstOf(
  balancer: Balancer,
  queries: Pick<HttpExchange, "post">,
  everything: Pick<HttpExchange, "post">,
): Pick<HttpExchange, "post"> {
  return {
    post(request) {
      if (balancer.instances.length === 0) return everything.post(request);
      const end = now() + request.timeoutMs;
      return queries.post(request).catch((error: unknown) => {
        const timeoutMs = Math.ceil(end - now());
        if (failureKind(error) === "final" || request.signal?.aborted === true || timeoutMs <= 0) throw error;
        return everything.post({ ...request, timeoutMs });
      });
    },
  };
}
