// A Postgres server of a test's own with the user subgraph's database and the event database, roles and grants as
// installed.
import { Pool } from "pg";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
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
  const admin = (database: string) => {
    const address = new URL(server.adminUrl);
    address.pathname = `/${database}`;
    const pool = new Pool({ connectionString: address.href, max: 4 });
    pool.on("error", () => undefined);
    return pool;
  };
  const { adminUrl } = server;
  const install = async (name: string) => {
    const urls = databaseUrls(adminUrl, name, PASSWORD);
    await prepareDatabase({ adminUrl, name, urls });
    return urls;
  };
  const eventUrls = await install("events");
  const userUrls = await install("user");
  const events = admin("tributary_events");
  const user = admin("tributary_user");
  return {
    server,
    eventsUrl: eventUrls.app,
    appUrl: userUrls.app,
    relayUrl: userUrls.relay ?? "",
    events,
    user,
    async stop() {
      await Promise.all([events.end(), user.end()]);
      await server.stop();
    },
  };
}
