/** Which data source answers for which subgraph of a supergraph. */
import type { GraphQLDataSource, ServiceMap } from "@apollo/gateway";
import { AppError } from "../../platform/errors/app-error.ts";
import type { SubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import type { SchemaGeneration } from "../ports.ts";
import { createHttpDataSource } from "./http-data-source.ts";
import { createHttpExchange } from "./http-exchange.ts";
import { createInProcessDataSource } from "./in-process-data-source.ts";
import type { SubgraphHeaders } from "./subgraph-headers.ts";

export interface DataSourcesOptions {
  readonly headers: SubgraphHeaders;
  readonly timeoutMs: number;
  /** Subgraphs in this process, by name. */
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>;
  /** Addresses that replace those of the supergraph, by name. */
  readonly urls: ReadonlyMap<string, string>;
  /** Show messages of subgraphs' errors that do not carry our codes. */
  readonly trustMessages: boolean;
}

export interface DataSources {
  /** @throws AppError `CONFIG_INVALID` when the subgraph has no address */
  open(subgraph: string, url: string | undefined): GraphQLDataSource;
  /** The sources of every subgraph of a generation except the live ones. */
  of(generation: SchemaGeneration): ServiceMap;
  stop(): void;
}

/** Subgraphs with this ending declare live fields: the gateway answers them from the event log, never by a fetch. */
const LIVE = "_live";

export function createDataSources(options: DataSourcesOptions): DataSources {
  const exchange = createHttpExchange();
  const opened = new Map<string, GraphQLDataSource>();
  const ofGenerations = new WeakMap<SchemaGeneration, ServiceMap>();

  function create(subgraph: string, declared: string | undefined): GraphQLDataSource {
    if (subgraph.endsWith(LIVE)) return liveRefusal(subgraph);
    const endpoint = options.endpoints.get(subgraph);
    const { headers, timeoutMs, trustMessages } = options;
    if (endpoint !== undefined) return createInProcessDataSource({ endpoint, headers, timeoutMs });
    const url = toUrl(subgraph, options.urls.get(subgraph) ?? declared);
    return createHttpDataSource({ subgraph, url, headers, exchange, timeoutMs, trustMessages });
  }

  const sources: DataSources = {
    open(subgraph, url) {
      const key = `${subgraph}\n${url ?? ""}`;
      const source = opened.get(key) ?? create(subgraph, url);
      opened.set(key, source);
      return source;
    },
    of(generation) {
      // Asked for once per event and operation.
      const known = ofGenerations.get(generation);
      if (known !== undefined) return known;
      const named = [...generation.supergraph.subgraphsMetadata()]
        .filter(({ name }) => !name.endsWith(LIVE))
        .map(({ name, url }) => [name, sources.open(name, url)] as const);
      const made: ServiceMap = Object.fromEntries(named);
      ofGenerations.set(generation, made);
      return made;
    },
    stop: () => exchange.stop(),
  };
  return sources;
}

/** Addresses in settings name the server; the path is the same for all our subgraphs. */
function toUrl(subgraph: string, address: string | undefined): URL {
  if (address === undefined || !URL.canParse(address)) {
    throw new AppError(
      "CONFIG_INVALID",
      `The subgraph ${subgraph} has no address: give it a routing URL and compose again.`,
    );
  }
  return new URL(address);
}

/** The planner uses live subgraphs for subscriptions only; anything else would be a fault of ours. */
function liveRefusal(subgraph: string): GraphQLDataSource {
  return {
    async process() {
      throw new Error(`${subgraph} answers subscriptions only`);
    },
  };
}
