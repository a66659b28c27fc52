/**
 * Stores subgraphs' answers in this process's memory, bounded by weight; least recently used answers go first. An
 * answer that was asked for before an eviction that concerns it is never stored. An older answer never replaces a newer
 * one. Every call is synchronous: once `evict` has returned, nothing that it named is served.
 */
import { LRUCache } from "lru-cache";
import type { CacheLookup } from "../../../platform/cache/cache-lookup.ts";
import type { Clock } from "../../../platform/clock.ts";

export interface CachedPart {
  readonly value: unknown;
  readonly expiresAt: number;
  /** From then on it is worth asking anew before anybody has to wait. */
  readonly refreshAt: number;
  readonly weight: number;
  /** False as soon as it was evicted, replaced, or gave way. */
  alive: boolean;
}

/** A question under way, and what was evicted since it was asked. */
export interface Load {
  readonly order: number;
  /** Nobody who asks after an eviction may be given its answer. */
  overtaken(): boolean;
}

export interface AnswerStoreOptions {
  readonly maxWeight: number;
  readonly clock: Clock;
  readonly random?: () => number;
}

export interface PutOptions {
  readonly ttlMs: number;
  readonly tags: ReadonlySet<string>;
}

export interface AnswerStore {
  get(key: string): CachedPart | undefined;
  /** Milliseconds since the epoch, by the store's clock. */
  now(): number;
  begin(): Load;
  /** @returns `undefined` when the value was not cached: the load was overtaken, or a later one was faster */
  put(key: string, load: Load, value: unknown, options: PutOptions): CachedPart | undefined;
  /** After the last `put` of a load. */
  end(load: Load): void;
  /** @returns how many were dropped */
  evict(tags: readonly string[]): number;
  clear(): void;
  readonly lookup: CacheLookup;
  readonly size: number;
}

interface Entry extends CachedPart {
  readonly tags: ReadonlySet<string>;
  readonly order: number;
  readonly storedAt: number;
}

interface OpenLoad extends Load {
  readonly evicted: Set<string>;
  cleared: boolean;
}

/**
 * The share of a life after which an answer in use is asked for again, and the share of it that chance may take off.
 */
const FRESH_SHARE = 0.85;
const JITTER = 0.1;

export function createAnswerStore({ maxWeight, clock, random = Math.random }: AnswerStoreOptions): AnswerStore {
  const keysByTag = new Map<string, Set<string>>();
  const open = new Map<Load, OpenLoad>();
  let order = 0;
  const entries = new LRUCache<string, Entry>({
    maxSize: maxWeight,
    sizeCalculation: ({ weight }) => weight,
    dispose(entry, key) {
      entry.alive = false;
      for (const tag of entry.tags) {
        const keys = keysByTag.get(tag);
        keys?.delete(key);
        if (keys?.size === 0) keysByTag.delete(tag);
      }
    },
  });
  const now = () => clock.now().getTime();

  return {
    now,
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined || entry.expiresAt > now()) return entry;
      entries.delete(key);
      return undefined;
    },
    begin() {
      order += 1;
      const load: OpenLoad = {
        order,
        evicted: new Set(),
        cleared: false,
        overtaken: () => load.cleared || load.evicted.size > 0,
      };
      open.set(load, load);
      return load;
    },
    put(key, load, value, { ttlMs, tags }) {
      const own = open.get(load);
      if (own === undefined || own.cleared || !own.evicted.isDisjointFrom(tags)) return undefined;
      const existing = entries.get(key);
      if (existing !== undefined && existing.order > own.order) return undefined;
      // Deleted first: `dispose` of a replaced entry would drop the tags of the new one.
      if (existing !== undefined) entries.delete(key);
      const lifeMs = ttlMs * (1 - JITTER * random());
      const start = now();
      const entry: Entry = {
        value,
        expiresAt: start + lifeMs,
        refreshAt: start + lifeMs * FRESH_SHARE,
        weight: key.length + weightOf(value),
        alive: true,
        tags,
        order: own.order,
        storedAt: start,
      };
      for (const tag of tags) {
        const keys = keysByTag.get(tag) ?? new Set();
        keysByTag.set(tag, keys.add(key));
      }
      entries.set(key, entry);
      return entry.alive ? entry : undefined;
    },
    end(load) {
      open.delete(load);
    },
    evict(tags) {
      let dropped = 0;
      for (const tag of tags) {
        for (const key of [...(keysByTag.get(tag) ?? [])]) if (entries.delete(key)) dropped += 1;
        for (const load of open.values()) load.evicted.add(tag);
      }
      return dropped;
    },
    clear() {
      entries.clear();
      keysByTag.clear();
      for (const load of open.values()) load.cleared = true;
    },
    lookup: (tag) =>
      [...(keysByTag.get(tag) ?? [])].flatMap((key) => {
        const entry = entries.peek(key);
        if (entry === undefined || entry.expiresAt <= now()) return [];
        const { storedAt, expiresAt, tags, weight } = entry;
        return [{ key, tags: [...tags], storedAt, expiresAt, bytes: () => weight }];
      }),
    get size() {
      return entries.size;
    },
  };
}

/** About as many bytes, so that few large answers count like many small ones. */
const BYTES_PER_VALUE = 16;

function weightOf(value: unknown): number {
  if (typeof value === "string") return BYTES_PER_VALUE + value.length;
  if (typeof value !== "object" || value === null) return BYTES_PER_VALUE;
  let weight = BYTES_PER_VALUE;
  for (const member of Object.values(value)) weight += weightOf(member);
  return weight;
}
