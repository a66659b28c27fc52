/** The embedded Postgres with the databases of all subgraphs and of the event log, migrated and ready. */
import { join } from "node:path";
import { type DatabaseUrls, databaseUrls, prepareDatabase } from "../../prisma/databases.ts";
import { startEmbeddedPostgres } from "../../prisma/embedded-postgres.ts";
import { EVENTS_DATABASE, subgraphDatabases } from "../../prisma/subgraph-databases.ts";

export interface EmbeddedDatabases {
  /** @throws Error when there is no such database */
  urlsOf(name: string): DatabaseUrls;
  stop(): Promise<void>;
}

/** @throws MigrationError when a migration fails; Error with advice when the server does not start */
export async function startDatabases(dataDir: string, password: string): Promise<EmbeddedDatabases> {
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, "postgres") });
  const { adminUrl } = postgres;
  const names = [...subgraphDatabases(), EVENTS_DATABASE];
  const urls = new Map(names.map((name) => [name, databaseUrls(adminUrl, name, password)]));
  try {
    await Promise.all([...urls].map(([name, own]) => prepareDatabase({ adminUrl, name, urls: own })));
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return {
    urlsOf(name) {
      const own = urls.get(name);
      if (own === undefined) throw new Error(`there is no database of ${name}`);
      return own;
    },
    stop: () => postgres.stop(),
  };
}
