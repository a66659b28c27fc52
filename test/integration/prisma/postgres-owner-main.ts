// Starts the server on a folder, commits one row and waits to be killed.
import { startEmbeddedPostgres } from "../../../prisma/embedded-postgres.ts";
import { withClient } from "./as-role.ts";

const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? "" });
await withClient(server.adminUrl, async (client) => {
  await client.query("CREATE TABLE kept (n int)");
  await client.query("INSERT INTO kept VALUES (1)");
});
process.stdout.write(`${server.pid}\n`);
setInterval(() => undefined, 60_000);
