/**
 * The `Cache` port. Its adapters are this process's memory and Redis. Both guarantee that a read after a resolved
 * invalidation is not answered by an older load. An older version never replaces a newer one. Values are handed out as
 * they are stored, to many callers: nobody may change one.
 */

export interface CacheSetOptions {
  /**
   * How long the entry may be served, in milliseconds. An adapter may take some off at random, so that not all end
   * together.
   */
  readonly ttlMs: number;
  /** Names under which the entry can be dropped together with others. */
  readonly tags?: readonly string[];
  /**
   * The row's version; a value without one is older than every value that has one. An older value than the one held is
   * not stored.
   */
  readonly version?: number;
}

export interface CacheLoadOptions<T> extends CacheSetOptions {
  /**
   * Tags of the entry where only its value tells them; `tags` then stand for the load alone, while it is under way:
   * readers join it until one of these is invalidated. A value is not cached either when one of its own tags was
   * invalidated while it was loaded.
   */
  readonly tagsOf?: (value: T) => readonly string[];
  /** The version of the entry where only its value tells it. */
  readonly versionOf?: (value: T) => number | undefined;
  /** Instead of `ttlMs` where only the value tells how long it may be served; 0: it is not cached. In milliseconds. */
  readonly ttlMsOf?: (value: T) => number;
  /** Instead of `ttlMs`, for a value of `null` or `undefined`: what is not there now may soon be. In milliseconds. */
  readonly negativeTtlMs?: number;
  /**
   * Reads a value that another process may have cached. Throws for one of another form, which then is a miss. Absent:
   * values of this key are taken for what this release writes.
   */
  readonly parse?: (value: unknown) => T;
  /**
   * Within so many milliseconds of its end an entry is loaded anew by one caller; the others are given what is there.
   */
  readonly refreshMs?: number;
}

export interface CacheDeleteOptions {
  /**
   * The oldest version that may be stored from now on: the row's new one, or the one its deletion has. Held for a short
   * time.
   */
  readonly version?: number;
}

export interface Cache {
  /** The value, or `undefined` on a miss. */
  get<T>(key: string): Promise<T | undefined>;
  set<T>(key: string, value: T, options: CacheSetOptions): Promise<void>;
  /**
   * The cached value, else `load` once per key for all concurrent callers. A load that was overtaken by an invalidation
   * is returned but not cached. Rejects with what `load` rejects with; that is not cached either.
   */
  getOrLoad<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<T>;
  /**
   * Drops the entry, unless it has the given version or a newer one, and keeps a load that is under way from being
   * stored.
   */
  delete(key: string, options?: CacheDeleteOptions): Promise<void>;
  /** Drops every entry that carries one of the tags, and keeps loads that are under way from being stored. */
  invalidateTags(tags: readonly string[]): Promise<void>;
  /** Drops everything, e.g. after the invalidation channel was broken. */
  clear(): Promise<void>;
}
