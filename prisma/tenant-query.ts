/**
 * A read that binds itself to its tenants: the setting that row-level security compares goes ahead of the statement in the same message, and
 * Postgres takes the two for one transaction, since nothing tells it to end between them. One round trip, where a transaction of its own takes
 * three. Relies on what pg 8.23 calls on a query while its answer comes.
 */
import pg from "pg";

/** To be prepared on a connection before its first `TenantQuery`. */
export const BIND_TENANTS = { name: "tenants", text: "SELECT set_config('app.tenants', $1, true)" } as const;

/** What pg hands to a query that is submitted. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  bind(message: object): void;
  execute(message: object): void;
}

/** The members of pg's own query that its types leave out. */
interface AnsweredQuery {
  submit(connection: Wire): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: unknown): void;
}

type Answered = (error: Error | null, result: unknown) => void;

const OwnQuery = pg.Query as unknown as new (config: object, values: undefined, answered: Answered) => AnsweredQuery;

export class TenantQuery extends OwnQuery {
  readonly #tenants: string;
  #bound = false;

  /** @param config as @prisma/adapter-pg passes it to `query` */
  constructor(config: object, tenants: string, answered: Answered) {
    // A statement without a name or parameters would go as a message of another kind, which ends the transaction.
    super({ ...config, queryMode: "extended" }, undefined, answered);
    this.#tenants = tenants;
  }

  override submit(connection: Wire): Error | null {
    connection.stream.cork();
    try {
      connection.bind({ portal: "", statement: BIND_TENANTS.name, values: [this.#tenants] });
      connection.execute({ portal: "" });
      return super.submit(connection);
    } finally {
      connection.stream.uncork();
    }
  }

  /** The first row is the setting's. */
  override handleDataRow(message: unknown): void {
    if (this.#bound) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: unknown): void {
    if (this.#bound) super.handleCommandComplete(message, connection);
    this.#bound = true;
  }
}
