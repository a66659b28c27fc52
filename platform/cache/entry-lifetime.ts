/** How long an entry is served, whichever level holds it. */
import type { CacheLoadOptions, CacheSetOptions } from "./cache.ts";

/** A deletion is remembered as long as a load that read the row before it may be under way. */
export const TOMBSTONE_MS = 10_000;

/** Older than every version. */
export const NO_VERSION = Number.NEGATIVE_INFINITY;

/** What is stored for a loaded value. */
export function setOptionsOf<T>(
  value: T,
  options: CacheLoadOptions<T>,
): Required<Pick<CacheSetOptions, "ttlMs" | "tags">> & { readonly version: number } {
  const absent = value === null || value === undefined;
  return {
    ttlMs: (absent ? options.negativeTtlMs : undefined) ?? options.ttlMsOf?.(value) ?? options.ttlMs,
    tags: options.tagsOf?.(value) ?? options.tags ?? [],
    version: options.versionOf?.(value) ?? options.version ?? NO_VERSION,
  };
}

/** `ttlMs` less a random part of at most `share` of it: entries that were filled together do not end together. */
export function jittered(ttlMs: number, share: number, random: () => number): number {
  return ttlMs * (1 - share * random());
}
