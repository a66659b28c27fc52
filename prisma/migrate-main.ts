/**
 * `npm run db:migrate`: creates roles and databases where missing and applies pending migrations, from the environment.
 */
import { type DatabaseUrls, loginsOf, prepareDatabase } from "./databases.ts";
import { EVENTS_DATABASE, subgraphDatabases } from "./subgraph-databases.ts";

const missing: string[] = [];

function setting(key: string): string {
  const value = process.env[key];
  if (value === undefined || value === "") missing.push(key);
  else if (!/^postgres(ql)?:/.test(value) || !URL.canParse(value)) missing.push(`${key} (not a postgres:// URL)`);
  return value ?? "";
}

function urlsOf(name: string): DatabaseUrls {
  const prefix = name.toUpperCase();
  const urls = { owner: setting(`${prefix}_DATABASE_OWNER_URL`), app: setting(`${prefix}_DATABASE_URL`) };
  return loginsOf(name).includes("relay") ? { ...urls, relay: setting(`${prefix}_RELAY_DATABASE_URL`) } : urls;
}

async function main(): Promise<number> {
  const adminUrl = setting("DATABASE_ADMIN_URL");
  const names = subgraphDatabases();
  if (process.env["EVENTS_DATABASE_OWNER_URL"]) names.push(EVENTS_DATABASE); // only installations without Kafka have it
  const work = names.map((name) => ({ name, urls: urlsOf(name) }));
  if (missing.length > 0) {
    process.stderr.write(
      `Bad configuration: fix these environment variables (see .env.example) and start again.\n  ${missing.join("\n  ")}\n`,
    );
    return 2;
  }
  for (const { name, urls } of work) {
    const applied = await prepareDatabase({ adminUrl, name, urls });
    process.stdout.write(`${name}: ${applied.length === 0 ? "up to date" : `applied ${applied.join(", ")}`}\n`);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message || String(error) : String(error)}\n`);
  process.exitCode = 1;
}
