/**
 * The routing table of a subgraph, as data: which named consumers act on which types of events. A consumer's name is
 * its group in the log and its name in the inbox. So each consumer has its own order, retries and dead letters, and one
 * that fails holds up no other.
 */
import type { SqlTransaction } from "../database/sql-transaction.ts";
import type { Backfill } from "./backfill.ts";
import type { EventEnvelope } from "./envelope.ts";
import { producerOf, topicOfType } from "./event-type.ts";
import type { HandlerContext, RetryPolicy } from "./group-consumer.ts";

/** Every type of a subgraph, for a consumer that has no route of its own for it: `<subgraph>.*`. */
type AnyOf<Type extends string> = Type extends `${infer Subgraph}.${string}` ? `${Subgraph}.*` : never;

const ANY = ".*";

/**
 * - `database`: the whole effect is in the handler's transaction, so it happens once.
 * - `external`: the handler asks another service, so a crash in between asks again. What it asks must bear that.
 * - `cache`: each process drops what it remembers of the rows that changed; nothing is stored and nothing retried.
 */
export type ConsumerKind = "database" | "external" | "cache";

export interface ConsumerFacts<Services, Tx extends SqlTransaction> {
  readonly kind: ConsumerKind;
  /** For people, in one sentence. */
  readonly does: string;
  readonly retry?: Partial<RetryPolicy>;
  /** Transactions at once, over all partitions. */
  readonly concurrency?: number;
  /** Default: by key. `"none"`: one event that is late holds up no other of its key. */
  readonly order?: "key" | "none";
  /** Where a consumer that is new finds what happened before the log's first record. */
  readonly backfill?: Backfill<Services, Tx>;
}

/** Like an `EventHandler`; what it works with comes first, so that the table can be read without making anything. */
export type RoutedHandler<Services, Tx extends SqlTransaction> = (
  services: Services,
  event: EventEnvelope,
  tx: Tx,
  context: HandlerContext,
) => Promise<void>;

export interface CacheHandler<Services> {
  /** Drops what the events made old. */
  evict(services: Services, events: readonly EventEnvelope[]): Promise<void>;
  /** Drops everything: events may have been missed, or `evict` failed. */
  clear(services: Services): Promise<void>;
}

export type RoutedConsumer<Services, Tx extends SqlTransaction> = RoutedHandler<Services, Tx> | CacheHandler<Services>;

/** What a subgraph's `consumers.ts` writes down: event type → consumer → what it does. */
export type Routes<Services, Tx extends SqlTransaction, Type extends string, Name extends string> = Readonly<
  Partial<Record<Type | AnyOf<Type>, Readonly<Partial<Record<Name, RoutedConsumer<Services, Tx>>>>>>
>;

export interface RoutingTable<Services, Tx extends SqlTransaction> {
  readonly consumers: Readonly<Record<string, ConsumerFacts<Services, Tx>>>;
  readonly routes: Readonly<Record<string, Readonly<Record<string, RoutedConsumer<Services, Tx>>>>>;
}

/** What a consumer acts on, by type or `<subgraph>.*`. */
export function routesOf<Services, Tx extends SqlTransaction>(
  { routes }: RoutingTable<Services, Tx>,
  consumer: string,
): ReadonlyMap<string, RoutedConsumer<Services, Tx>> {
  const found = new Map<string, RoutedConsumer<Services, Tx>>();
  for (const [type, consumers] of Object.entries(routes)) {
    const handler = consumers[consumer];
    if (handler !== undefined) found.set(type, handler);
  }
  return found;
}

/** The part of a table that keeps caches true: for a process that stores nothing. */
export function cachesOf<Services, Tx extends SqlTransaction>({
  consumers,
  routes,
}: RoutingTable<Services, Tx>): RoutingTable<Services, Tx> {
  const isCache = (name: string) => consumers[name]?.kind === "cache";
  const kept = <Value>(byName: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(byName).filter(([name]) => isCache(name)));
  const ofCaches = Object.entries(routes).map(([type, handlers]) => [type, kept(handlers)] as const);
  return {
    consumers: kept(consumers),
    routes: Object.fromEntries(ofCaches.filter(([, handlers]) => Object.keys(handlers).length > 0)),
  };
}

/** The types that a route is for: those that have a contract. */
export function typesOfRoute(route: string, types: readonly string[]): readonly string[] {
  if (!route.endsWith(ANY)) return [route];
  return types.filter((type) => producerOf(type) === producerOf(route));
}

export function isForAnyType(route: string): boolean {
  return route.endsWith(ANY);
}

export interface Surroundings {
  /** Types that have a contract. */
  readonly types: readonly string[];
  /** Topics that the subgraph says it consumes. */
  readonly topics: readonly string[];
}

/** What is wrong with a table, in sentences; nothing when it can be followed. */
export function problemsOfTable<Services, Tx extends SqlTransaction>(
  table: RoutingTable<Services, Tx>,
  { types, topics }: Surroundings,
): string[] {
  const problems: string[] = [];
  for (const [type, consumers] of Object.entries(table.routes)) {
    if (!isForAnyType(type) && !types.includes(type)) problems.push(`${type} has no contract in schema/events`);
    if (topicOfType(type, topics) === undefined) {
      problems.push(`${type} comes from a subgraph that is not named in \`consumes\``);
    }
    for (const [name, handler] of Object.entries(consumers)) {
      const facts = table.consumers[name];
      if (facts === undefined) problems.push(`${type} is routed to ${name}, which is no consumer of the table`);
      else if ((facts.kind === "cache") !== (typeof handler === "object")) {
        problems.push(`${name} is of the kind ${facts.kind}, and its handler of ${type} is not`);
      }
    }
  }
  for (const name of Object.keys(table.consumers)) {
    const routes = routesOf(table, name);
    if (routes.size === 0) problems.push(`nothing is routed to ${name}`);
    if (new Set(routes.values()).size > 1 && table.consumers[name]?.kind === "cache") {
      problems.push(`${name} drops rows by one handler, whatever the type`);
    }
  }
  return problems;
}
