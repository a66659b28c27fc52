/**
 * Texts that clients persisted, by their hash: in this process's memory, where the least used go first, and in a store
 * that gateways share. What anybody can write to is bounded everywhere: in length, in number, and, where nothing is
 * given up for room, in writes per time.
 */
import type { Cache } from "../../platform/cache/cache.ts";
import { createMemoryCache } from "../../platform/cache/memory-cache.ts";
import type { Clock } from "../../platform/clock.ts";
import { createTokenBucket } from "../limits/token-bucket.ts";
import { documentHash } from "./document-hash.ts";

export interface DocumentStore {
  /** The text of exactly this hash. Does not reject where the shared store is away. */
  find(hash: string): Promise<string | undefined>;
  /** Keeps a text that was checked, unless it is too long. Not yet findable by other gateways when it resolves. */
  keep(hash: string, text: string): Promise<void>;
}

export interface DocumentStoreOptions {
  /**
   * Most texts in memory, and the most written to the shared store within a time to live; a quarter of them at once.
   */
  readonly capacity: number;
  /** How long a text is stored after it was sent, in milliseconds. */
  readonly ttlMs: number;
  readonly clock: Clock;
  /** Absent: each gateway knows what was sent to it. */
  readonly shared?: Pick<Cache, "get" | "set"> | undefined;
}

/** A longer text has to be sent each time. In UTF-16 units. */
const MAX_LENGTH = 16_384;

export function createDocumentStore({ capacity, ttlMs, clock, shared }: DocumentStoreOptions): DocumentStore {
  const memory = createMemoryCache({ maxEntries: capacity, clock });
  const writes = createTokenBucket({ burst: Math.ceil(capacity / 4), periodMs: ttlMs / capacity });
  return {
    async find(hash) {
      const own = await memory.get<string>(hash);
      if (own !== undefined) return own;
      const text = await shared?.get<unknown>(hash);
      // What others can write to must not decide what runs under a name.
      if (typeof text !== "string" || documentHash(text) !== hash) return undefined;
      await memory.set(hash, text, { ttlMs });
      return text;
    },
    async keep(hash, text) {
      if (text.length > MAX_LENGTH) return;
      await memory.set(hash, text, { ttlMs });
      if (shared !== undefined && writes.take()) await shared.set(hash, text, { ttlMs });
    },
  };
}
