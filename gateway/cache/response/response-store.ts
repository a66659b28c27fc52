/**
 * Stores finished answers in this process's memory, bounded by their bytes. An answer is never found when one of its
 * tags was evicted after its load began. The store is not shared between processes. The parts of an answer are known
 * only once it is there. Another process could then store what this one has evicted. The entity cache shares the parts
 * of answers instead.
 */
import { LRUCache } from "lru-cache";
import type { Cache } from "../../../platform/cache/cache.ts";
import type { CacheLookup } from "../../../platform/cache/cache-lookup.ts";
import type { Clock } from "../../../platform/clock.ts";
import { createEvictionJournal } from "./eviction-journal.ts";

export interface StoredAnswer {
  readonly body: Buffer;
  /** Milliseconds since the epoch, as all of these: since when it is getting old. */
  readonly bornAt: number;
  readonly storedAt: number;
  /** From then on it is worth making anew before anybody has to wait. */
  readonly refreshAt: number;
  readonly expiresAt: number;
  /** Fetches that it took to make. */
  readonly fetches: number;
}

export interface NewAnswer {
  readonly body: Buffer;
  readonly fetches: number;
  /** Earlier than now where a part of it was cached already. */
  readonly bornAt: number;
  readonly maxAgeMs: number;
  readonly tags: ReadonlySet<string>;
}

/** One load on its way. */
export interface Fill {
  /** When it began, to be compared with later evictions. */
  readonly mark: number;
  /** Settles with what came of it: `undefined` when nothing can be given to others. Never rejects. */
  readonly outcome: Promise<NewAnswer | undefined>;
  /**
   * The load's end, with what it brought if others may have it. Kept unless it was overtaken.
   * @returns whether it was cached
   */
  end(answer: NewAnswer | undefined): boolean;
}

export interface ResponseCounters {
  readonly entries: number;
  readonly bytes: number;
  /** Answers that were cached. */
  readonly fills: number;
  /** Answers that were not, since something of theirs was evicted meanwhile. */
  readonly overtaken: number;
  /** Answers dropped by their tags, or all at once. */
  readonly invalidated: number;
  /** Answers given up for room. */
  readonly evicted: number;
}

export interface ResponseStore extends Pick<Cache, "invalidateTags" | "clear"> {
  readonly lookup: CacheLookup;
  find(key: string): StoredAnswer | undefined;
  /** The load of this key that others may wait for. */
  underWay(key: string): Fill | undefined;
  /** To be ended in any case. Others wait for it from now on, instead of any that began before. */
  begin(key: string): Fill;
  /** May the answer of this load be given to who began to wait at the mark? */
  holds(fill: Fill, answer: NewAnswer, mark: number): boolean;
  /** Now, as far as evictions are concerned. */
  mark(): number;
  counters(): ResponseCounters;
}

/** On answers that any event may concern. */
export const ANY_EVENT_TAG = "event";

/** Within the last tenth of its life one caller makes an answer anew, while the others are given what is there. */
const REFRESH_SHARE = 0.1;
/** Tags; about a hundred bytes each. */
const JOURNAL = 65_536;
/** What an entry costs beside its body. */
const OVERHEAD_BYTES = 500;
/** One answer never takes more than this share. */
const LARGEST_SHARE = 8;

interface Entry extends StoredAnswer {
  readonly tags: ReadonlySet<string>;
}

export function createResponseStore(options: { readonly maxBytes: number; readonly clock: Clock }): ResponseStore {
  const { maxBytes, clock } = options;
  const journal = createEvictionJournal(JOURNAL);
  const keysByTag = new Map<string, Set<string>>();
  const flights = new Map<string, Fill>();
  const count = { fills: 0, overtaken: 0, invalidated: 0, evicted: 0 };
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    maxEntrySize: Math.max(1, Math.floor(maxBytes / LARGEST_SHARE)),
    sizeCalculation: ({ body, tags }, key) => OVERHEAD_BYTES + body.length + 2 * key.length + 100 * tags.size,
    dispose({ tags }, key, reason) {
      if (reason === "evict") count.evicted += 1;
      for (const tag of tags) {
        const keys = keysByTag.get(tag);
        keys?.delete(key);
        if (keys?.size === 0) keysByTag.delete(tag);
      }
    },
  });
  const now = () => clock.now().getTime();

  function store(key: string, { body, fetches, bornAt, maxAgeMs, tags }: NewAnswer): void {
    const storedAt = now();
    const expiresAt = bornAt + maxAgeMs;
    const refreshAt = expiresAt - REFRESH_SHARE * (expiresAt - storedAt);
    // Deleted first: `dispose` of a replaced entry runs after the new one is stored and would drop its tags.
    entries.delete(key);
    entries.set(key, { body, fetches, bornAt, storedAt, refreshAt, expiresAt, tags });
    if (!entries.has(key)) return;
    count.fills += 1;
    for (const tag of tags) {
      const keys = keysByTag.get(tag);
      if (keys === undefined) keysByTag.set(tag, new Set([key]));
      else keys.add(key);
    }
  }

  return {
    mark: journal.mark,
    lookup: (tag) =>
      [...(keysByTag.get(tag) ?? [])].flatMap((key) => {
        const entry = entries.peek(key);
        if (entry === undefined || entry.expiresAt <= now()) return [];
        const { body, tags, storedAt, expiresAt } = entry;
        return [{ key, tags: [...tags], storedAt, expiresAt, bytes: () => body.length }];
      }),
    find(key) {
      const entry = entries.get(key);
      if (entry === undefined || entry.expiresAt > now()) return entry;
      entries.delete(key);
      return undefined;
    },
    underWay: (key) => flights.get(key),
    begin(key) {
      const mark = journal.mark();
      const { promise: outcome, resolve } = Promise.withResolvers<NewAnswer | undefined>();
      const fill: Fill = {
        mark,
        outcome,
        end(answer) {
          if (flights.get(key) === fill) flights.delete(key);
          const overtaken = answer !== undefined && journal.overtook(mark, answer.tags);
          if (overtaken) count.overtaken += 1;
          else if (answer !== undefined) store(key, answer);
          resolve(answer);
          return answer !== undefined && !overtaken;
        },
      };
      flights.set(key, fill);
      return fill;
    },
    // What was evicted after the load began, but before the other began to wait, may be missing in it.
    holds: ({ mark: began }, { tags }, mark) => !journal.overtook(began, tags, mark),
    async invalidateTags(tags) {
      const all = [...tags, ANY_EVENT_TAG];
      journal.record(all);
      for (const tag of all) {
        for (const key of [...(keysByTag.get(tag) ?? [])]) {
          entries.delete(key);
          count.invalidated += 1;
        }
      }
    },
    async clear() {
      journal.recordAll();
      count.invalidated += entries.size;
      entries.clear();
    },
    counters: () => ({ entries: entries.size, bytes: entries.calculatedSize, ...count }),
  };
}
