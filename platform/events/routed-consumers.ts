/**
 * Runs a subgraph's routing table: one group per consumer that stores something, one tail per cache. A consumer with a
 * backfill begins to read the log when its model is filled; the process need not wait for it.
 */
import type { Logger } from "pino";
import type { TenantId } from "../auth/principal-ids.ts";
import type { Clock } from "../clock.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { AppError } from "../errors/app-error.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import { createBackfill } from "./backfill.ts";
import { backoffMs, systemSleep } from "./backoff.ts";
import { createCacheConsumer } from "./cache-consumer.ts";
import type { EventContracts } from "./contracts.ts";
import type { EventEnvelope } from "./envelope.ts";
import type { EventLog } from "./event-log.ts";
import { topicOfType } from "./event-type.ts";
import { createGroupConsumer, type EventHandler, type GroupConsumer, type RetryPolicy } from "./group-consumer.ts";
import {
  type CacheHandler,
  type ConsumerFacts,
  isForAnyType,
  problemsOfTable,
  type RoutedConsumer,
  type RoutingTable,
  routesOf,
  typesOfRoute,
} from "./routing-table.ts";

export interface RoutedConsumersOptions<Services, Tx extends SqlTransaction> {
  readonly table: RoutingTable<Services, Tx>;
  readonly services: Services;
  readonly log: EventLog;
  /** Each consumer reads those of them that its types come from. */
  readonly consumedTopics: readonly string[];
  readonly contracts: EventContracts;
  readonly database: TransactionHost<Tx>;
  /** Whose rows a handler may touch. Default: the event's partition key. */
  readonly tenants?: (event: EventEnvelope) => readonly TenantId[];
  /** In place of the table's, by consumer. */
  readonly retries?: Readonly<Record<string, Partial<RetryPolicy>>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RoutedConsumers {
  /** One per consumer, in the table's order. */
  readonly parts: readonly LifecyclePart[];
  /** Those that are groups, by name. */
  readonly groups: ReadonlyMap<string, GroupConsumer>;
}

const FILL_RETRY = { baseMs: 500, capMs: 30_000 };

/** @throws AppError `CONFIG_INVALID` with everything that is wrong with the table */
export function createRoutedConsumers<Services, Tx extends SqlTransaction>(
  options: RoutedConsumersOptions<Services, Tx>,
): RoutedConsumers {
  const { table, contracts, consumedTopics } = options;
  const problems = problemsOfTable(table, { types: contracts.types, topics: consumedTopics });
  if (problems.length > 0) {
    throw new AppError("CONFIG_INVALID", `The routing table cannot be followed:\n  ${problems.join("\n  ")}`);
  }
  const groups = new Map<string, GroupConsumer>();
  const parts = Object.entries(table.consumers).map(([name, facts]) => {
    const handlers = routesOf(table, name);
    const cache = [...handlers.values()].find(isCacheHandler);
    if (cache !== undefined) return cachePart(options, name, handlers, cache);
    const { part, group } = groupPart(options, name, facts, handlers);
    groups.set(name, group);
    return part;
  });
  return { parts, groups };
}

type Handlers<Services, Tx extends SqlTransaction> = ReadonlyMap<string, RoutedConsumer<Services, Tx>>;

function isCacheHandler<Services, Tx extends SqlTransaction>(
  handler: RoutedConsumer<Services, Tx>,
): handler is CacheHandler<Services> {
  return typeof handler === "object";
}

const rank = (route: string): number => (isForAnyType(route) ? 0 : 1);

/** Of the types that the consumer acts on. */
function topicsOf(routes: Iterable<string>, consumedTopics: readonly string[]): readonly string[] {
  const wanted = new Set([...routes].map((route) => topicOfType(route, consumedTopics)));
  return consumedTopics.filter((topic) => wanted.has(topic));
}

function cachePart<Services, Tx extends SqlTransaction>(
  { services, log, consumedTopics, logger }: RoutedConsumersOptions<Services, Tx>,
  name: string,
  handlers: Handlers<Services, Tx>,
  cache: CacheHandler<Services>,
): LifecyclePart {
  const routes = [...handlers.keys()];
  return createCacheConsumer({
    name,
    log,
    topics: topicsOf(routes, consumedTopics),
    types: routes.some(isForAnyType) ? undefined : new Set(routes),
    evict: (events) => cache.evict(services, events),
    clear: () => cache.clear(services),
    logger,
  });
}

function groupPart<Services, Tx extends SqlTransaction>(
  options: RoutedConsumersOptions<Services, Tx>,
  name: string,
  facts: ConsumerFacts<Services, Tx>,
  routes: Handlers<Services, Tx>,
): { readonly part: LifecyclePart; readonly group: GroupConsumer } {
  const { services, log, consumedTopics, contracts, database, tenants, retries, clock, logger } = options;
  const backfill =
    facts.backfill === undefined
      ? undefined
      : createBackfill({
          consumer: name,
          source: facts.backfill.source(services),
          model: facts.backfill,
          database,
          log,
          logger,
        });
  const handlers = new Map<string, EventHandler<Tx>>();
  // Those for any type first: a route of its own takes their place.
  for (const [route, handler] of [...routes].sort(([left], [right]) => rank(left) - rank(right))) {
    if (isCacheHandler(handler)) continue;
    for (const type of typesOfRoute(route, contracts.types)) {
      handlers.set(type, async (event, tx, context) => {
        if (backfill !== undefined && (await backfill.covers(tx, event))) return;
        await handler(services, event, tx, context);
      });
    }
  }
  const group = createGroupConsumer<Tx>({
    log,
    group: name,
    topics: topicsOf(routes.keys(), consumedTopics),
    contracts,
    database,
    handlers: Object.fromEntries(handlers),
    ...(tenants === undefined ? {} : { tenants }),
    policy: { ...facts.retry, ...retries?.[name] },
    // Whoever records every event of a topic keeps the dead letter of a record that is no event.
    undecodable: "skip",
    ...(facts.concurrency === undefined ? {} : { concurrency: facts.concurrency }),
    ...(facts.order === undefined ? {} : { order: facts.order }),
    clock,
    logger,
  });
  const partName = name.replace(".", " ");
  if (backfill === undefined) {
    const part = {
      name: partName,
      start: () => group.start(),
      leave: () => void group.stop(),
      stop: () => group.stop(),
    };
    return { group, part };
  }
  const abort = new AbortController();
  let filling: Promise<void> | undefined;

  async function fillThenRead(): Promise<void> {
    for (let failures = 0; ; ) {
      try {
        await backfill?.fill(abort.signal);
        abort.signal.throwIfAborted();
        return await group.start();
      } catch (error) {
        if (abort.signal.aborted) return;
        failures += 1;
        logger.warn({ err: error, consumer: name }, "a read model could not be filled yet, trying again");
        await systemSleep(backoffMs(FILL_RETRY, failures, Math.random), abort.signal);
      }
    }
  }

  const part: LifecyclePart = {
    name: partName,
    async start() {
      filling ??= fillThenRead();
    },
    leave() {
      abort.abort();
      void group.stop();
    },
    async stop() {
      abort.abort();
      await filling;
      await group.stop();
    },
  };
  return { group, part };
}
