/** The subgraphs in the form that the stock executor and the enrichment of live events take them. */
import type { GraphQLDataSource, ServiceMap } from "@apollo/gateway";
import type { SchemaGeneration } from "../ports.ts";
import { asDataSource } from "./data-source.ts";
import { withDoublesIn } from "./lossless-number.ts";
import { isLive, type SubgraphClients } from "./subgraph-clients.ts";

export interface DataSources {
  /**
   * For the stock executor. @throws AppError `CONFIG_INVALID` when the subgraph has no address
   */
  open(subgraph: string, url: string | undefined): GraphQLDataSource;
  /** For the enrichment: the sources of every subgraph of a generation except the live ones. */
  of(generation: SchemaGeneration): ServiceMap;
}

export function createDataSources(clients: SubgraphClients): DataSources {
  const opened = new Map<string, GraphQLDataSource>();
  // Asked for once per event and operation.
  const cache = new WeakMap<SchemaGeneration, ServiceMap>();

  function open(subgraph: string, url: string | undefined): GraphQLDataSource {
    const key = `${subgraph}\n${url ?? ""}`;
    const source =
      opened.get(key) ??
      (isLive(subgraph) ? liveRefusal(subgraph) : asDataSource(clients.connect(subgraph, url), withDoublesIn));
    opened.set(key, source);
    return source;
  }

  return {
    open,
    of(generation) {
      const cachedSources = cache.get(generation);
      if (cachedSources !== undefined) return cachedSources;
      const named = [...generation.supergraph.subgraphsMetadata()]
        .filter(({ name }) => !isLive(name))
        .map(({ name, url }) => [name, asDataSource(clients.connect(name, url))] as const);
      const sources: ServiceMap = Object.fromEntries(named);
      cache.set(generation, sources);
      return sources;
    },
  };
}

/** The planner uses live subgraphs for subscriptions only; anything else would be a fault of ours. */
function liveRefusal(subgraph: string): GraphQLDataSource {
  return {
    async process() {
      throw new Error(`${subgraph} answers subscriptions only`);
    },
  };
}
