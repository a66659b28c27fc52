/** Which client reaches which subgraph of a supergraph: in this process, or by an address. */

import type { ServiceDirectory } from "../../platform/discovery/service-directory.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import type { SubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { evictAfterCommands } from "../cache/command-eviction.ts";
import type { GatewayCaches } from "../cache/gateway-caches.ts";
import type { SchemaGeneration } from "../ports.ts";
import { authorizationScope } from "./authorization-scope.ts";
import type { CallPolicy } from "./call-policy.ts";
import { createEntityBatching } from "./entity-batches.ts";
import type { PoolUse } from "./http-exchange.ts";
import { createHttpExchange } from "./http-exchange.ts";
import { createHttpSubgraph } from "./http-subgraph.ts";
import { createInProcessSubgraph } from "./in-process-subgraph.ts";
import { createFetchSharing } from "./shared-fetches.ts";
import type { SubgraphClient } from "./subgraph-client.ts";
import type { SubgraphHeaders } from "./subgraph-headers.ts";
import { createSubgraphTargets, type SubgraphTarget } from "./subgraph-targets.ts";

export interface SubgraphClientsOptions {
  readonly headers: SubgraphHeaders;
  readonly timeoutMs: number;
  readonly policyOf: (subgraph: string) => CallPolicy;
  /** Says which instances there are; absent: addresses do not change. */
  readonly directory?: ServiceDirectory | undefined;
  /** Subgraphs in this process, by name. */
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>;
  /** Addresses that replace those of the supergraph, by name. */
  readonly urls: ReadonlyMap<string, readonly string[]>;
  /** Show messages of subgraphs' errors that do not carry our codes. */
  readonly trustMessages: boolean;
  /** Absent where nothing is cached. */
  readonly caches?: GatewayCaches;
}

export interface SubgraphClients {
  /**
   * The same client for the same address; its answers are the caller's own.
   * @throws AppError `CONFIG_INVALID` when the subgraph has none
   */
  connect(subgraph: string, url: string | undefined): SubgraphClient;
  /**
   * Every subgraph of a generation, by name, except the live ones; equal fetches under way are shared, a request's
   * fetches of entities batched.
   * @throws AppError `CONFIG_INVALID` when one has no address
   */
  of(generation: SchemaGeneration): ReadonlyMap<string, SubgraphClient>;
  /** Those reached over HTTP. */
  targets(): readonly SubgraphTarget[];
  pool(url: URL): PoolUse;
  stop(): void;
}

/** One subgraph, whose requests go out together; and the same, where equal questions under way are one. */
interface WrappedClients {
  readonly batched: SubgraphClient;
  readonly shared: SubgraphClient;
}

/** Subgraphs with this ending declare live fields: the gateway answers them from the event log, never by a fetch. */
const LIVE = "_live";

export function isLive(subgraph: string): boolean {
  return subgraph.endsWith(LIVE);
}

export function createSubgraphClients(options: SubgraphClientsOptions): SubgraphClients {
  const exchange = createHttpExchange();
  const targets = createSubgraphTargets({ exchange, policyOf: options.policyOf, directory: options.directory });
  const sharing = createFetchSharing(authorizationScope);
  const { caches } = options;
  caches?.include({ invalidateTags: async () => sharing.close(), clear: async () => sharing.close() });
  const batching = createEntityBatching();
  const connected = new Map<string, SubgraphClient>();
  const wrappedByClient = new Map<SubgraphClient, WrappedClients>();
  // Asked for with every request.
  const cache = new WeakMap<SchemaGeneration, ReadonlyMap<string, SubgraphClient>>();

  function create(subgraph: string, declared: string | undefined): SubgraphClient {
    const endpoint = options.endpoints.get(subgraph);
    const { headers, timeoutMs, trustMessages } = options;
    if (endpoint !== undefined) return createInProcessSubgraph({ endpoint, headers, timeoutMs });
    const urls = (options.urls.get(subgraph) ?? [declared]).map((address) => toUrl(subgraph, address));
    const [url] = urls;
    if (url === undefined) throw new Error(`no address for ${subgraph}`);
    const calls = targets.open(subgraph, urls);
    return createHttpSubgraph({ subgraph, url, headers, calls, timeoutMs, trustMessages });
  }

  function connect(subgraph: string, url: string | undefined): SubgraphClient {
    const key = `${subgraph}\n${url ?? ""}`;
    const client = connected.get(key) ?? evicting(create(subgraph, url));
    connected.set(key, client);
    return client;
  }

  function evicting(client: SubgraphClient): SubgraphClient {
    return caches === undefined ? client : evictAfterCommands(client, caches.eviction);
  }

  function wrappedClients(subgraph: string, url: string | undefined): WrappedClients {
    const client = connect(subgraph, url);
    const existing = wrappedByClient.get(client);
    if (existing !== undefined) return existing;
    const batched = batching.batch(subgraph, client);
    const wrapped = { batched, shared: sharing.share(batched) };
    wrappedByClient.set(client, wrapped);
    return wrapped;
  }

  function cached(generation: SchemaGeneration, subgraph: string, url: string | undefined): SubgraphClient {
    const { batched, shared } = wrappedClients(subgraph, url);
    return caches?.entities?.wrap(generation, subgraph, batched, shared) ?? shared;
  }

  return {
    connect,
    of(generation) {
      const cachedClients = cache.get(generation);
      if (cachedClients !== undefined) return cachedClients;
      const clients = new Map(
        [...generation.supergraph.subgraphsMetadata()]
          .filter(({ name }) => !isLive(name))
          .map(({ name, url }) => [name, cached(generation, name, url)]),
      );
      cache.set(generation, clients);
      return clients;
    },
    targets: () => targets.all(),
    pool: (url) => exchange.pool(url),
    stop: () => exchange.stop(),
  };
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
