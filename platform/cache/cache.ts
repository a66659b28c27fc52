/** The `Cache` port. Adapters: memory now; Redis and coherence over instances build on the same port. */

export interface CacheSetOptions {
  /** How long the entry may be served, in milliseconds. */
  readonly ttlMs: number;
  /** Names under which the entry can be dropped together with others. */
  readonly tags?: readonly string[];
}

export interface CacheLoadOptions<T> extends CacheSetOptions {
  /** Tags of the entry where only its value tells them; `tags` then stand for the load alone, while it is under way. */
  readonly tagsOf?: (value: T) => readonly string[];
}

export interface Cache {
  /** The value, or `undefined` on a miss. */
  get<T>(key: string): Promise<T | undefined>;
  set<T>(key: string, value: T, options: CacheSetOptions): Promise<void>;
  /** The cached value, else `load` once per key for all concurrent callers. A load that was overtaken by an invalidation is returned but not kept. */
  getOrLoad<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<T>;
  delete(key: string): Promise<void>;
  /** Drops every entry that carries one of the tags, and keeps loads that are under way from being stored. */
  invalidateTags(tags: readonly string[]): Promise<void>;
  /** Drops everything, e.g. after the invalidation channel was broken. */
  clear(): Promise<void>;
}
