/** A database with all migrations of one kind applied, on a throw-away server: what the migrations really produce. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseUrls, prepareDatabase } from "./databases.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";

/** Runs `work` with a superuser connection to each database; the server and its files are gone afterwards. */
export async function withScratchDatabases<T>(
  names: readonly string[],
  work: (urls: ReadonlyMap<string, string>) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "tributary-scratch-"));
  try {
    const server = await startEmbeddedPostgres({ dataDir });
    try {
      const prepared = new Map<string, string>();
      for (const name of names) {
        const urls = databaseUrls(server.adminUrl, name, "scratch");
        await prepareDatabase({ adminUrl: server.adminUrl, name, urls });
        const url = new URL(server.adminUrl);
        url.pathname = new URL(urls.owner).pathname;
        prepared.set(name, url.href);
      }
      return await work(prepared);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
