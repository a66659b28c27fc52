/** The embedded Postgres with its four databases, migrated and ready. */
import { join } from "node:path";
import {
  type DATABASES,
  type DatabaseName,
  type DatabaseUrls,
  databaseUrls,
  prepareDatabase,
} from "../../prisma/databases.ts";
import { startEmbeddedPostgres } from "../../prisma/embedded-postgres.ts";

export interface EmbeddedDatabases {
  readonly urls: Readonly<Record<DatabaseName, DatabaseUrls>>;
  stop(): Promise<void>;
}

/** @throws MigrationError when a migration fails; Error with advice when the server does not start */
export async function startDatabases(dataDir: string, password: string): Promise<EmbeddedDatabases> {
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, "postgres") });
  const urls = {
    user: databaseUrls(postgres.adminUrl, "user", password),
    billing: databaseUrls(postgres.adminUrl, "billing", password),
    audit: databaseUrls(postgres.adminUrl, "audit", password),
    events: databaseUrls(postgres.adminUrl, "events", password),
  } satisfies Record<keyof typeof DATABASES, DatabaseUrls>;
  try {
    await Promise.all(
      (["user", "billing", "audit", "events"] as const).map((name) =>
        prepareDatabase({ adminUrl: postgres.adminUrl, name, urls: urls[name] }),
      ),
    );
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return { urls, stop: () => postgres.stop() };
}
