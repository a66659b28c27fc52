// What a failing network or a restarted pooler does to a subgraph's database connections.
import { rowsOf } from "./rows-of.ts";
import type { Stack } from "./stack.ts";

/** @param whose those of the relay's role, or all of them */
export async function cutConnections(
  stack: Pick<Stack, "databaseOf">,
  subgraph: string,
  whose: "relay" | "all",
): Promise<void> {
  const role = whose === "all" ? "%" : `tributary\\_${subgraph}\\_relay`;
  await rowsOf(
    stack,
    subgraph,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename LIKE $1`,
    [role],
  );
}
