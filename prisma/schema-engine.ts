/**
 * Prisma's schema engine as WebAssembly over one database connection: no native binary, no download. Every statement of
 * the engine runs on that connection, so a caller can put a whole engine call into one transaction.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
} from "@prisma/driver-adapter-utils";
import type { SchemaEngine } from "@prisma/schema-engine-wasm";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";
import { ListenedClient, unreachable } from "./connection.ts";

export interface EngineSession {
  readonly engine: SchemaEngine;
  /** Runs SQL on the engine's own connection. */
  query(sql: string, values?: readonly unknown[]): Promise<pg.QueryResult>;
  /** The database's error for the last script, which the engine reports only in part. */
  scriptError(): Error | undefined;
  close(): Promise<void>;
}

/** Type ids from pg_type. */
const INTERNAL_CHAR = 18;
const FIXED_CHAR = 1042;

/** @param datamodels Prisma schemas as [path, content], for `diff`; migrations need none. */
export async function openEngine(url: string, datamodels: [string, string][] = []): Promise<EngineSession> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: 10_000,
    Client: ListenedClient,
  });
  const client = await pool.connect().catch(async (cause: unknown) => {
    await pool.end();
    throw unreachable(url, cause);
  });
  // Pinned: a pool replaces its connection after an error, and locks and the open transaction would be gone with it.
  let internalChars: readonly number[] = [];
  const query = async (config: pg.QueryArrayConfig, values?: unknown[]): Promise<pg.QueryArrayResult> => {
    const result = await client.query(config, values);
    const fields = result.fields ?? [];
    internalChars = fields.flatMap((field, index) => (field.dataTypeID === INTERNAL_CHAR ? [index] : []));
    for (const field of fields) if (field.dataTypeID === INTERNAL_CHAR) field.dataTypeID = FIXED_CHAR;
    return result;
  };
  const base = new PrismaPg(Object.assign(pool, { query }));
  let failed: Error | undefined;
  const close = async (): Promise<void> => {
    client.release(true);
    await pool.end();
  };

  const connect = async (): Promise<SqlDriverAdapter> => {
    const adapter = await base.connect();
    // adapter-pg 7.10 cuts scripts at every semicolon, also inside function bodies and comments, and runs the pieces
    // one by one. Sent whole, as the native engine does, they are parsed by Postgres and succeed or fail together.
    const queryRaw = adapter.queryRaw.bind(adapter);
    return Object.assign(adapter, {
      // adapter-pg 7.10 refuses the catalogue's type "char", by which the engine reads constraints: it goes through as
      // fixed-width text and is announced as the single character it is.
      queryRaw: async (statement: SqlQuery): Promise<SqlResultSet> => {
        const result = await queryRaw(statement);
        for (const index of internalChars) result.columnTypes[index] = ColumnTypeEnum.Character;
        return result;
      },
      executeScript: async (script: string): Promise<void> => {
        failed = undefined;
        try {
          await client.query(script);
        } catch (error) {
          failed = error instanceof Error ? error : new Error(String(error));
          throw error;
        }
      },
    });
  };
  const factory: SqlMigrationAwareDriverAdapterFactory = {
    provider: base.provider,
    adapterName: base.adapterName,
    connect,
    connectToShadowDb: () => Promise.reject(new Error("no shadow database: apply the migrations to a scratch one")),
  };

  try {
    const engine = await (await loadEngine()).new(
      { datamodels: datamodels.length === 0 ? undefined : datamodels },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(factory),
    );
    return {
      engine,
      query: (sql, values) => client.query(sql, values === undefined ? undefined : [...values]),
      scriptError: () => failed,
      close: async () => {
        engine.free();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

let loading: Promise<typeof SchemaEngine> | undefined;

/** Instantiated by hand: the package's own loader imports the .wasm file as a module, which Node 24 warns about. */
function loadEngine(): Promise<typeof SchemaEngine> {
  loading ??= (async () => {
    const require = createRequire(import.meta.url);
    const folder = dirname(require.resolve("@prisma/schema-engine-wasm"));
    const bytes = await readFile(join(folder, "schema_engine_bg.wasm"));
    const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": { ...bindings } });
    bindings.__wbg_set_wasm(instance.exports);
    const start = instance.exports["__wbindgen_start"];
    if (typeof start !== "function") throw new Error("@prisma/schema-engine-wasm has changed: no __wbindgen_start");
    start();
    return bindings.SchemaEngine;
  })();
  return loading;
}
