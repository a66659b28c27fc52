/** What a person may see of cached entries: everything but the value. */

export interface CacheEntryFacts {
  readonly key: string;
  readonly tags: readonly string[];
  /** Of the row; absent when the value has none. */
  readonly version?: number;
  /** Milliseconds since 1970, as `expiresAt`. */
  readonly storedAt: number;
  readonly expiresAt: number;
  /** Size of the value as text, worked out when asked; `undefined` for a value that has no text. */
  bytes(): number | undefined;
}

/** The entries in this process's memory that carry the tag and may still be served. */
export type CacheLookup = (tag: string) => readonly CacheEntryFacts[];
