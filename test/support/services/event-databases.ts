// A Postgres server of a test's own with the user subgraph's database and the event database, roles and grants as installed.
import { fileURLToPath } from "node:url";
import { Pool } from "pg";
import { bootstrapDatabase } from "../../../prisma/bootstrap.ts";
import { migrateDatabase } from "../../../prisma/migrate.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";

export interface EventDatabases {
  readonly server: PostgresServer;
  readonly eventsUrl: string;
  readonly appUrl: string;
  readonly relayUrl: string;
  /** Superuser pools. */
  readonly events: Pool;
  readonly user: Pool;
  stop(): Promise<void>;
}

const PASSWORD = "test-password";

export async function startEventDatabases(): Promise<EventDatabases> {
  const server = await startPostgres();
  const url = (role: string, database: string) => {
    const address = new URL(server.adminUrl);
    address.username = role;
    address.password = PASSWORD;
    address.pathname = `/${database}`;
    return address.href;
  };
  const admin = (database: string) => {
    const address = new URL(server.adminUrl);
    address.pathname = `/${database}`;
    const pool = new Pool({ connectionString: address.href, max: 4 });
    pool.on("error", () => undefined);
    return pool;
  };
  const install = async (name: string, logins: readonly string[]) => {
    const database = `tributary_${name}`;
    const owner = `${database}_owner`;
    await bootstrapDatabase({
      adminUrl: server.adminUrl,
      database,
      owner: { name: owner, password: PASSWORD },
      logins: logins.map((login) => ({ name: `${database}_${login}`, password: PASSWORD })),
    });
    const folder = fileURLToPath(new URL(`../../../prisma/${name}/migrations`, import.meta.url));
    await migrateDatabase({ ownerUrl: url(owner, database), folder });
  };
  await install("events", ["app"]);
  await install("user", ["app", "relay"]);
  const events = admin("tributary_events");
  const user = admin("tributary_user");
  return {
    server,
    eventsUrl: url("tributary_events_app", "tributary_events"),
    appUrl: url("tributary_user_app", "tributary_user"),
    relayUrl: url("tributary_user_relay", "tributary_user"),
    events,
    user,
    async stop() {
      await Promise.all([events.end(), user.end()]);
      await server.stop();
    },
  };
}
