/**
 * How every client of this folder talks to Postgres: a bounded pool, statements prepared once per connection, and transactions that
 * are bound to their tenants by the very message that begins them.
 */
import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
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
 * transaction. Can go when the adapter offers a hook for the start of a transaction.
 */
class TenantClient extends pg.Client {
  // `never` fits all of the overloads, which are passed on as they came.
  override query(config: never, ...rest: never[]): never {
    const tenants = tenantScope.getStore();
    if (tenants === undefined || !isBegin(config)) return super.query(config, ...rest) as never;
    if (!ID_LIST.test(tenants)) throw new TypeError("not a list of tenant ids");
    return super.query(`BEGIN; SELECT set_config('app.tenants', '${tenants}', true)`) as never;
  }
}

function isBegin(config: unknown): boolean {
  return typeof config === "object" && config !== null && "text" in config && config.text === "BEGIN";
}
