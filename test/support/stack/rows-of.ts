// What a stack's databases hold, read by a superuser whom no policy binds.
import { Client, type QueryResultRow } from "pg";
import type { Stack } from "./stack.ts";

type Databases = Pick<Stack, "databaseOf">;

/** @param sql one statement, or several without parameters */
export function rowsOf<Row extends QueryResultRow>(
  stack: Databases,
  subgraph: string,
  sql: string,
  parameters?: readonly unknown[],
): Promise<Row[]> {
  return inDatabase(stack, subgraph, async (client) => {
    const { rows } = await client.query<Row>(sql, parameters === undefined ? undefined : [...parameters]);
    return rows;
  });
}

/** The same, each row as the list of its columns. */
export function tuplesOf(stack: Databases, subgraph: string, sql: string): Promise<unknown[][]> {
  return inDatabase(stack, subgraph, async (client) => (await client.query({ text: sql, rowMode: "array" })).rows);
}

async function inDatabase<R>(stack: Databases, subgraph: string, work: (client: Client) => Promise<R>): Promise<R> {
  const client = new Client({ connectionString: stack.databaseOf(subgraph) });
  // The embedded server goes down with its process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
