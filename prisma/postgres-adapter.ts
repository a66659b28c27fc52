/**
 * How every client of this folder talks to Postgres: a bounded pool, statements prepared once per connection, and transactions that
 * are bound to their tenants by the very message that begins them.
 */
import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { BIND_TENANTS, TenantQuery } from "./tenant-query.ts";
import { tenantScope } from "./tenant-scope.ts";

export interface ConnectionOptions {
  /** Most connections held at once. A request waits 5 s for one, then fails. */
  readonly poolSize: number;
}

/** Statements that every connection keeps prepared. Beyond it they are planned each time: lists of every length would pile up. */
const MAX_PREPARED = 400;
const ID_LIST = /^[A-Za-z0-9_,-]*$/;

export function createPostgresAdapter(url: string, { poolSize }: ConnectionOptions): PrismaPg {
  return new PrismaPg(
    {
      connectionString: url,
      max: poolSize,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
      Client: TenantClient,
    },
    {
      // A connection lost while idle is replaced at the next use; whoever used it at the time gets the error.
      onPoolError: () => undefined,
      onConnectionError: () => undefined,
      statementNameGenerator: createStatementNames(),
    },
  );
}

/** An empty name leaves a statement unprepared. */
function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= MAX_PREPARED || !/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/i.test(sql)) return "";
    const name = createHash("sha256").update(sql).digest("base64url").slice(0, 20);
    names.set(sql, name);
    return name;
  };
}

/**
 * Adds the tenants to the `BEGIN` that @prisma/adapter-pg 7.10 sends as a message of its own: one round trip instead of two for every
 * transaction. Where nothing is written there is no `BEGIN` and no `COMMIT` either: each statement brings the tenants along, and sees what was
 * committed before it, as in a transaction. Can go when the adapter offers a hook for the start of a transaction.
 */
class TenantClient extends pg.Client {
  /** Of the reads that have this connection now. */
  #readers: string | undefined;
  #canBind = false;

  // `never` fits all of the overloads, which are passed on as they came.
  override query(config: never, ...rest: never[]): never {
    const text = textOf(config);
    if (text === "BEGIN") return this.#begin(config) as never;
    if (this.#readers === undefined) return super.query(config, ...rest) as never;
    if (text === "COMMIT" || text === "ROLLBACK") {
      this.#readers = undefined;
      return NOTHING as never;
    }
    return this.#read(config, this.#readers) as never;
  }

  #begin(config: never): unknown {
    const scope = tenantScope.getStore();
    this.#readers = undefined;
    if (scope === undefined) return super.query(config);
    const { tenants, reading } = scope;
    if (!ID_LIST.test(tenants)) throw new TypeError("not a list of tenant ids");
    if (!reading) return super.query(`BEGIN; SELECT set_config('app.tenants', '${tenants}', true)`);
    this.#readers = tenants;
    return this.#canBind ? NOTHING : this.#prepareBinding();
  }

  /** Outside of a transaction the setting has no effect. */
  async #prepareBinding(): Promise<unknown> {
    const prepared = await super.query({ ...BIND_TENANTS, values: [""] });
    this.#canBind = true;
    return prepared;
  }

  #read(config: object, tenants: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      super.query(
        new TenantQuery(config, tenants, (error, result) =>
          error === null ? resolve(result) : reject(error),
        ) as never,
      );
    });
  }
}

/** What a message that is not sent is answered with. */
const NOTHING: Promise<unknown> = Promise.resolve({ rows: [], fields: [], rowCount: 0 });

function textOf(config: unknown): unknown {
  return typeof config === "object" && config !== null && "text" in config ? config.text : undefined;
}
