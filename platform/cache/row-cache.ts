/**
 * Rows by id between requests' loaders and the database. Every row has a version, and whoever changes one says so with
 * its new version before the change is committed: from then on nobody can put an older one into the cache, whenever
 * they read it. A row is cached as it is, not as somebody may see it: whoever hands it out has to know that the viewer
 * may see it.
 */
import type { z } from "zod";
import type { Cache } from "./cache.ts";
import { loadInTime } from "./joined-loads.ts";

export interface VersionedRow {
  readonly version: number;
}

export interface RowCache<Row extends VersionedRow> {
  /**
   * The row, or `null` as `load` says; that is not cached, since another viewer's transaction may see the row.
   * @param load one row; callers batch
   */
  load(id: string, load: () => Promise<Row | null>): Promise<Row | null>;
  /** Write-through: to be called with what is committed, never before. */
  put(id: string, row: Row): Promise<void>;
  /** The row has, or is about to have, this version: what is older is not served any more. */
  changed(id: string, version: number): Promise<void>;
  /** The row is another one than before, its version the same. */
  forget(id: string): Promise<void>;
}

export interface RowCacheOptions<Row> {
  /** Begins the keys: one table each. */
  readonly table: string;
  readonly ttlMs: number;
  /** Of a row that another process cached, perhaps of another release. */
  readonly schema: z.ZodType<Row>;
}

/** Shortly before its end a row that is still read is loaded anew, by one reader, and nobody waits. */
const REFRESH_SHARE = 0.1;

export function createRowCache<Row extends VersionedRow>(
  cache: Cache,
  { table, ttlMs, schema }: RowCacheOptions<Row>,
): RowCache<Row> {
  const keyOf = (id: string) => `${table}:${id}`;
  const life = { ttlMs, tags: [table] };
  const storedRow = schema.nullable();
  const loading = {
    ...life,
    parse: (value: unknown) => storedRow.parse(value),
    refreshMs: ttlMs * REFRESH_SHARE,
    ttlMsOf: (row: Row | null) => (row === null ? 0 : ttlMs),
    versionOf: (row: Row | null) => row?.version,
  };
  return {
    load: (id, load) => loadInTime(cache, keyOf(id), loading, load),
    put: (id, row) => cache.set(keyOf(id), row, { ...life, version: row.version }),
    changed: (id, version) => cache.delete(keyOf(id), { version }),
    forget: (id) => cache.delete(keyOf(id)),
  };
}
