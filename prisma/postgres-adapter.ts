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
  endBy,
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
 * `OVER`: rolled back under its work, which may not know it yet.
 */
type Phase = "NONE" | "READING" | "BEGUN" | "OPEN" | "COMMITTING" | "COMMITTED" | "OVER";

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
  /** Settles once a transaction that is over was rolled back. */
  #rolledBack: Promise<unknown> = NOTHING;
  readonly #onOver = () => this.#giveUp();

  override query(config: never, ...rest: never[]): never {
    const text = textOf(config);
    if (text === "BEGIN") return this.#begin(config) as never;
    const scope = this.#scope;
    if (scope === undefined) return super.query(config, ...rest) as never;
    if (text === "COMMIT" || text === "ROLLBACK") return this.#end(config, text, scope) as never;
    return this.#statement(config, scope) as never;
  }

  #begin(config: never): unknown {
    const scope = tenantScope.getStore();
    this.#scope = scope;
    this.#phase = "NONE";
    if (scope === undefined) return super.query(config);
    if (!ID_LIST.test(scope.tenants)) throw new TypeError("not a list of tenant ids");
    this.#phase = scope.reading ? "READING" : "BEGUN";
    if (scope.over?.aborted === true) this.#giveUp();
    else scope.over?.addEventListener("abort", this.#onOver, { once: true });
    return this.#prepared ? NOTHING : this.#prepare();
  }

  #end(config: never, how: "COMMIT" | "ROLLBACK", scope: TenantScope): unknown {
    scope.over?.removeEventListener("abort", this.#onOver);
    if (scope.over?.aborted === true) this.#giveUp();
    // A statement that is given up while it commits is waited for.
    const open = this.#phase === "OPEN" || this.#phase === "COMMITTING";
    const over = this.#phase === "OVER";
    this.#phase = "NONE";
    this.#scope = undefined;
    if (over) return how === "ROLLBACK" ? this.#rolledBack : Promise.reject(transactionIsOver(scope));
    return open ? super.query(config) : NOTHING;
  }

  /** Nothing of it is committed from here on, unless the statement that commits is under way. */
  #giveUp(): void {
    if (this.#phase !== "OPEN" && this.#phase !== "BEGUN") return;
    const sent = this.#phase === "OPEN";
    this.#phase = "OVER";
    this.#rolledBack = sent ? this.#rollBack() : NOTHING;
    // Whoever ends the transaction is told; nobody may.
    this.#rolledBack.catch(() => undefined);
  }

  #rollBack(): Promise<unknown> {
    return super.query({ text: "ROLLBACK" } as never) as unknown as Promise<unknown>;
  }

  #statement(config: never, scope: TenantScope): unknown {
    const { deadline } = scope;
    const tenants = deadline === undefined ? bindTenants(scope.tenants) : bindTenantsUntil(scope.tenants, deadline);
    switch (this.#phase) {
      case "READING":
        return this.#framed(config, [tenants], []);
      case "BEGUN":
        this.#phase = "OPEN";
        return scope.ending ? this.#last(config, [BEGIN, tenants]) : this.#framed(config, [BEGIN, tenants], []);
      case "OPEN": {
        const before = deadline === undefined ? [] : [endBy(deadline)];
        if (scope.ending) return this.#last(config, before);
        return before.length === 0 ? super.query(config) : this.#framed(config, before, []);
      }
      case "OVER":
        return Promise.reject(transactionIsOver(scope));
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
    if (this.#phase !== "COMMITTING") return;
    this.#phase = next;
    if (this.#scope?.over?.aborted === true) this.#giveUp();
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

function transactionIsOver({ over }: TenantScope): Error {
  return new Error("the transaction was ended under its work", { cause: over?.reason });
}

function textOf(config: unknown): unknown {
  return typeof config === "object" && config !== null && "text" in config ? config.text : undefined;
}
