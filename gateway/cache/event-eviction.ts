/**
 * What an event says drops out of the gateway's caches before anybody is shown the event, on every gateway, since each
 * tails every subgraph's topic. When that cannot be done by name, or nobody knows what was missed, everything goes.
 */
import { LRUCache } from "lru-cache";
import type { Cache } from "../../platform/cache/cache.ts";
import { withDeadline } from "../../platform/deadline.ts";
import type { Change } from "../../platform/events/envelope.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Eviction } from "../ports.ts";
import { type EventSources, kindOfType, sourceOfType } from "./event-sources.ts";
import { ANY_SOURCE, entityTag, organizationTag, sourcedTag, userTag } from "./tags.ts";

/** A store that does not answer delays all events; after this the next stronger remedy is tried. */
const TIMEOUT_MS = 400;

/**
 * A subgraph that keeps rows may answer from the memory of a process that has not heard of a change yet, for about a
 * second: another one of several, or the only one when a command line made the change. What was asked for in that time
 * is dropped again, once this long has passed, or twice as long.
 */
const STALE_READ_MS = 1_250;

/** Events whose first eviction is remembered: more than arrive between a command's answer and its events, by far. */
const SEEN = 10_000;

export type Evictable = Pick<Cache, "invalidateTags" | "clear">;

export interface CacheEviction extends Eviction {
  /** Like `evict`, by tags, whoever caused it. */
  evictTags(tags: readonly string[]): Promise<void>;
}

/** @param sources which subgraphs may be trusted to be up to date; any other may answer from memory */
export function createEventEviction(
  caches: readonly Evictable[],
  logger: Logger,
  sources: EventSources = new Map(),
): CacheEviction {
  let young = new Set<string>();
  let old = new Set<string>();
  let echo: NodeJS.Timeout | undefined;

  async function each(work: (cache: Evictable) => Promise<void>, failure: string): Promise<void> {
    await withDeadline(Promise.all(caches.map(work)), TIMEOUT_MS, failure);
  }

  async function evictAll(): Promise<void> {
    try {
      await each((cache) => cache.clear(), `the caches were not cleared within ${TIMEOUT_MS} ms`);
    } catch (error) {
      logger.error({ err: error }, "the caches may answer with what events have made old");
    }
  }

  async function drop(tags: readonly string[]): Promise<void> {
    try {
      await each((cache) => cache.invalidateTags(tags), `nothing was evicted within ${TIMEOUT_MS} ms`);
    } catch (error) {
      logger.warn({ err: error }, "eviction by event failed: the caches are cleared");
      await evictAll();
    }
  }

  function dropOld(): void {
    if (old.size > 0) void drop([...old]);
    [old, young] = [young, new Set()];
    if (old.size > 0) return;
    clearInterval(echo);
    echo = undefined;
  }

  function dropAgain(tags: Iterable<string>): void {
    for (const tag of tags) young.add(tag);
    if (young.size > 0) echo ??= setInterval(dropOld, STALE_READ_MS).unref();
  }

  const remembers = ({ type }: Change) => sources.get(sourceOfType(type))?.remembers !== false;
  const seen = new LRUCache<string, true>({ max: SEEN });

  /**
   * A command's answer and the log tell of the same event. What was asked after the first of them is not older than the
   * event, unless its subgraph remembers.
   */
  function isNews(change: Change): boolean {
    const { id } = change;
    if (id === undefined || remembers(change)) return true;
    const news = !seen.has(id);
    seen.set(id, true);
    return news;
  }

  return {
    evictAll,
    async evictTags(tags) {
      dropAgain(tags);
      await drop(tags);
    },
    async evict(events) {
      dropAgain(events.filter(remembers).flatMap(tagsOf));
      const tags = new Set(events.filter(isNews).flatMap(tagsOf));
      if (tags.size > 0) await drop([...tags]);
    },
  };
}

/**
 * Tags of everything the event may have changed: `entity:<id>` of its subject and of every id in its data (`invoiceId`,
 * `roleIds`), `organization:<id>` and `user:<id>` of whom it concerns. Each for what its own source answered, be it all
 * or what goes by events of this kind, and for what anybody's events may change.
 */
export function tagsOf(change: Change): string[] {
  const sources = [sourceOfType(change.type), kindOfType(change.type), ANY_SOURCE];
  return namedBy(change).flatMap((tag) => sources.map((source) => sourcedTag(tag, source)));
}

function namedBy({ subject, orgid, partitionkey, data }: Change): string[] {
  const tags = new Set([entityTag(subject)]);
  // The key of an event that belongs to no organisation is its user.
  tags.add(orgid === undefined ? userTag(partitionkey) : organizationTag(orgid));
  for (const [name, value] of Object.entries(data)) {
    for (const id of idsIn(name, value)) {
      tags.add(entityTag(id));
      if (name.startsWith("organizationId")) tags.add(organizationTag(id));
      if (name.startsWith("userId")) tags.add(userTag(id));
    }
  }
  return [...tags];
}

function idsIn(name: string, value: unknown): string[] {
  if (name.endsWith("Id")) return typeof value === "string" ? [value] : [];
  if (!name.endsWith("Ids") || !Array.isArray(value)) return [];
  return value.filter((id) => typeof id === "string");
}
