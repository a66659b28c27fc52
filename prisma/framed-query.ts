/**
 * A statement with others around it in one message: what begins its transaction and binds it to its tenants, what
 * commits it. Postgres runs them one after the other and none after one that failed, so a transaction costs no round
 * trip of its own. Without a begin the setting and the statement are one transaction, since nothing tells Postgres to
 * end it between them. Relies on what pg 8.23 calls on a query while its answer comes.
 */
import pg from "pg";

export interface Frame {
  /** Of a statement that `PrepareFrames` prepared. */
  readonly name: string;
  readonly values: readonly string[];
}

export const BEGIN: Frame = { name: "begin", values: [] };
export const COMMIT: Frame = { name: "commit", values: [] };

/** For row-level security, until the transaction ends. */
export function bindTenants(tenants: string): Frame {
  return { name: "tenants", values: [tenants] };
}

/** The same, and ends the statement at the deadline. @param deadline by `performance.now()` */
export function bindTenantsUntil(tenants: string, deadline: number): Frame {
  return {
    name: "tenants-until",
    get values() {
      return [tenants, left(deadline)];
    },
  };
}

/** Ends the statement at the deadline. @param deadline by `performance.now()` */
export function endBy(deadline: number): Frame {
  return {
    name: "until",
    get values() {
      return [left(deadline)];
    },
  };
}

/** Asked for when the message is made: a statement may have waited for the one before it. */
const left = (deadline: number) => String(Math.max(1, Math.ceil(deadline - performance.now())));

const FRAMES = [
  { name: BEGIN.name, text: "BEGIN" },
  { name: COMMIT.name, text: "COMMIT" },
  { name: "tenants", text: "SELECT set_config('app.tenants', $1, true)" },
  {
    name: "tenants-until",
    text: "SELECT set_config('app.tenants', $1, true), set_config('statement_timeout', $2, true)",
  },
  { name: "until", text: "SELECT set_config('statement_timeout', $1, true)" },
] as const;

/** What pg hands to a query that is submitted. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: object): void;
  bind(message: object): void;
  execute(message: object): void;
  sync(): void;
}

/** The members of pg's own query that its types leave out. */
interface AnsweredQuery {
  submit(connection: Wire): Error | null;
  _getRows(connection: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: unknown): void;
}

type Answered = (error: Error | null, result: unknown) => void;

const OwnQuery = pg.Query as unknown as new (config: object, values: undefined, answered: Answered) => AnsweredQuery;

/** To be sent on a connection before its first `FramedQuery`; runs nothing. */
export class PrepareFrames extends OwnQuery {
  constructor(answered: Answered) {
    super({ text: "" }, undefined, answered);
  }

  override submit(connection: Wire): Error | null {
    return inOneMessage(connection, () => {
      for (const { name, text } of FRAMES) connection.parse({ name, text });
      connection.sync();
      return null;
    });
  }
}

export class FramedQuery extends OwnQuery {
  readonly #before: readonly Frame[];
  readonly #after: readonly Frame[];
  #completed = 0;

  /** @param config as @prisma/adapter-pg passes it to `query` */
  constructor(config: object, before: readonly Frame[], after: readonly Frame[], answered: Answered) {
    // A statement without a name or parameters would go as a message of another kind, which ends the transaction.
    super({ ...config, queryMode: "extended" }, undefined, answered);
    this.#before = before;
    this.#after = after;
  }

  override submit(connection: Wire): Error | null {
    return inOneMessage(connection, () => {
      for (const frame of this.#before) send(connection, frame);
      return super.submit(connection);
    });
  }

  /** The end of what pg sends for a statement. */
  override _getRows(connection: Wire): void {
    connection.execute({ portal: "" });
    for (const frame of this.#after) send(connection, frame);
    connection.sync();
  }

  /** Only the statement's own rows are the answer. */
  override handleDataRow(message: unknown): void {
    if (this.#completed === this.#before.length) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: unknown): void {
    if (this.#completed === this.#before.length) super.handleCommandComplete(message, connection);
    this.#completed += 1;
  }
}

function send(connection: Wire, { name, values }: Frame): void {
  connection.bind({ portal: "", statement: name, values });
  connection.execute({ portal: "" });
}

function inOneMessage<Result>({ stream }: Wire, work: () => Result): Result {
  stream.cork();
  try {
    return work();
  } finally {
    stream.uncork();
  }
}
