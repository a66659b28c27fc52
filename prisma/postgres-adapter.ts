/**
 * How every client of this folder talks to Postgres: a bounded pool, statements prepared once per connection, and
 * transactions that are bound to their tenants by the message of their first statement.
 */
import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import { ListenedClient } from "./connection.ts";
import {
  BEGIN,
  bindTenants,
  bindTenantsUntil,
  COMMIT,
  type Frame,
  FramedQuery,
  PrepareFrames,
} from "./framed-query.ts";
import { type TenantScope, tenantScope } from "./tenant-scope.ts";

export interface ConnectionOptions {
  /** Most connections held at once. A request waits 5 s for one, then fails. */
  readonly poolSize: number;
}

/**
 * Statements that every connection keeps prepared. Beyond it they are planned each time: lists of every length would
 * pile up.
 */
const MAX_PREPARED = 400;
const ID_LIST = /^[A-Za-z0-9_,-]*$/;

/** Of every client: it connects lazily, `$disconnect()` closes the pool, and its errors quote no code. */
export function clientOptions(url: string, { poolSize }: ConnectionOptions) {
  const adapter = new PrismaPg(
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
  return { adapter, errorFormat: "minimal" } as const;
}

/** An empty name leaves a statement unprepared. */
function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const existingName = names.get(sql);
    if (existingName !== undefined) return existingName;
    if (names.size >= MAX_PREPARED || !/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/i.test(sql)) return "";
    const name = createHash("sha256").update(sql).digest("base64url").slice(0, 20);
    names.set(sql, name);
    return name;
  };
}

/**
 * Where a connection is in the transaction that @prisma/adapter-pg 7.10 has begun on it. `BEGUN`: nothing was sent yet.
 */
type Phase = "NONE" | "READING" | "BEGUN" | "OPEN" | "COMMITTING" | "COMMITTED";

/**
 * Sends the `BEGIN`, the tenants and, where the scope says so, the `COMMIT` along with a statement: @prisma/adapter-pg
 * 7.10 sends each as a message of its own. Where nothing is written there is no `BEGIN` and no `COMMIT` either: each
 * statement brings the tenants along, and sees what was committed before it, as in a transaction. Can go when the
 * adapter offers hooks for the start and the end of a transaction.
 */
class TenantClient extends ListenedClient {
  #phase: Phase = "NONE";
  #scope: TenantScope | undefined;
  #prepared = false;

  override query(config: never, ...rest: never[]): never {
    const text = textOf(config);
    if (text === "BEGIN") return this.#begin(config) as never;
    const scope = this.#scope;
    if (scope === undefined) return super.query(config, ...rest) as never;
    if (text === "COMMIT" || text === "ROLLBACK") return this.#end(config) as never;
    return this.#statement(config, scope) as never;
  }

  #begin(config: never): unknown {
    const scope = tenantScope.getStore();
    this.#scope = scope;
    this.#phase = "NONE";
    if (scope === undefined) return super.query(config);
    if (!ID_LIST.test(scope.tenants)) throw new TypeError("not a list of tenant ids");
    this.#phase = scope.reading ? "READING" : "BEGUN";
    return this.#prepared ? NOTHING : this.#prepare();
  }

  #end(config: never): unknown {
    // A statement that is given up while it commits is waited for.
    const open = this.#phase === "OPEN" || this.#phase === "COMMITTING";
    this.#phase = "NONE";
    this.#scope = undefined;
    return open ? super.query(config) : NOTHING;
  }

  #statement(config: never, scope: TenantScope): unknown {
    const { deadline } = scope;
    const tenants = bindTenants(scope.tenants);
    switch (this.#phase) {
      case "READING":
        return this.#framed(config, [deadline === undefined ? tenants : bindTenantsUntil(scope.tenants, deadline)], []);
      case "BEGUN":
        this.#phase = "OPEN";
        return scope.ending ? this.#last(config, [BEGIN, tenants]) : this.#framed(config, [BEGIN, tenants], []);
      case "OPEN":
        return scope.ending ? this.#last(config, []) : super.query(config);
      default:
        return Promise.reject(new Error("a statement follows the last one of its transaction"));
    }
  }

  /** When it fails nothing is committed, and the transaction is still open. */
  async #last(config: object, before: readonly Frame[]): Promise<unknown> {
    this.#phase = "COMMITTING";
    try {
      const result = await this.#framed(config, before, [COMMIT]);
      this.#leaveCommitting("COMMITTED");
      return result;
    } catch (error) {
      this.#leaveCommitting("OPEN");
      throw error;
    }
  }

  #leaveCommitting(next: Phase): void {
    if (this.#phase === "COMMITTING") this.#phase = next;
  }

  async #prepare(): Promise<unknown> {
    await this.#answerOf((answered) => new PrepareFrames(answered));
    this.#prepared = true;
    return NOTHING;
  }

  #framed(config: object, before: readonly Frame[], after: readonly Frame[]): Promise<unknown> {
    return this.#answerOf((answered) => new FramedQuery(config, before, after, answered));
  }

  #answerOf(query: (answered: (error: Error | null, result: unknown) => void) => object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      super.query(query((error, result) => (error === null ? resolve(result) : reject(error))) as never);
    });
  }
}

/** What a message that is not sent is answered with. */
const NOTHING: Promise<unknown> = Promise.resolve({ rows: [], fields: [], rowCount: 0 });

function textOf(config: unknown): unknown {
  return typeof config === "object" && config !== null && "text" in config ? config.text : undefined;
}
