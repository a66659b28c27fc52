/** The embedded Postgres with the databases of all subgraphs and of the event log, migrated and ready. */
import { join } from "node:path";
import type { SubgraphDatabase } from "../../platform/graphql/subgraph-settings.ts";
import { databaseUrls, prepareDatabase } from "../../prisma/databases.ts";
import { startEmbeddedPostgres } from "../../prisma/embedded-postgres.ts";
import { EVENTS_DATABASE } from "../../prisma/subgraph-databases.ts";

export interface EmbeddedDatabases {
  /** By the subgraph's name. */
  readonly subgraphs: ReadonlyMap<string, SubgraphDatabase>;
  /** Connection to the event log's. */
  readonly events: string;
  stop(): Promise<void>;
}

/** @throws MigrationError when a migration fails; Error with advice when the server does not start */
export async function startDatabases(
  dataDir: string,
  password: string,
  subgraphs: readonly string[],
): Promise<EmbeddedDatabases> {
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, "postgres") });
  const { adminUrl } = postgres;
  try {
    const prepared = await Promise.all(
      [...subgraphs, EVENTS_DATABASE].map(async (name) => {
        const urls = databaseUrls(adminUrl, name, password);
        await prepareDatabase({ adminUrl, name, urls });
        return [name, { app: urls.app, relay: urls.relay ?? "" }] as const;
      }),
    );
    const { app: events } = databaseUrls(adminUrl, EVENTS_DATABASE, password);
    return { subgraphs: new Map(prepared), events, stop: () => postgres.stop() };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
