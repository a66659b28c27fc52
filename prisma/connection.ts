/** Single connections for administration, with an error that says which server did not answer. */
import pg from "pg";

/**
 * A connection that may end while nobody uses it: its next use says so. A pool (pg-pool 3.14) stops listening when it
 * hands a connection out, a moment before its new owner can, and an end in that moment would be the process's.
 */
export class ListenedClient extends pg.Client {
  constructor(config?: pg.ClientConfig | string) {
    super(config);
    this.on("error", () => undefined);
  }
}

/** Connects, runs `work` and closes. @throws Error naming the server (never the password) when it cannot be reached. */
export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new ListenedClient({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect().catch((cause: unknown) => {
      throw unreachable(url, cause);
    });
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What to tell an operator whose database did not let us in. */
export function unreachable(url: string, cause: unknown): Error {
  const { hostname, port, pathname, username } = new URL(url);
  const reason =
    cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : cause.name) : String(cause);
  return new Error(
    `Cannot connect to Postgres at ${hostname}:${port || "5432"}${pathname} as ${decodeURIComponent(username)}: ${reason}. Check that the server runs and that the URL is right.`,
    { cause },
  );
}
