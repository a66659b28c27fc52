/**
 * The platform's four databases: which roles work on each (the names the migrations grant to), where their migrations
 * are, and how to bring one up to date. Names of databases are free, names of roles are not.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bootstrapDatabase, type LoginRole } from "./bootstrap.ts";
import { migrateDatabase } from "./migrate.ts";

export type DatabaseName = "user" | "billing" | "audit" | "events";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** What a login is for: `app` serves requests and consumers, `relay` empties the outbox. */
export type LoginKind = "app" | "relay";

/** In the order they are prepared. */
export const DATABASES: Readonly<Record<DatabaseName, { readonly logins: readonly LoginKind[] }>> = {
  user: { logins: ["app", "relay"] },
  billing: { logins: ["app", "relay"] },
  audit: { logins: ["app", "relay"] },
  events: { logins: ["app"] },
};

export interface DatabaseUrls {
  readonly owner: string;
  readonly app: string;
  /** Absent for the event log, which has no outbox. */
  readonly relay?: string;
}

export interface PrepareOptions {
  readonly adminUrl: string;
  readonly name: DatabaseName;
  /** Users, passwords and the database's name are taken from them; every login of the database must be given. */
  readonly urls: DatabaseUrls;
}

/**
 * Creates roles and database where missing and applies pending migrations.
 * @returns names of the migrations applied by this call
 * @throws MigrationError see migrateDatabase; Error when a URL names the wrong role or another database than its siblings
 */
export async function prepareDatabase({ adminUrl, name, urls }: PrepareOptions): Promise<string[]> {
  const database = databaseOf(urls.owner);
  const logins = DATABASES[name].logins.map((kind) => {
    const url = urls[kind];
    if (url === undefined) throw new Error(`the ${name} database needs a connection for its role ${kind}`);
    if (databaseOf(url) !== database) {
      throw new Error(`the connections of the ${name} database disagree: "${databaseOf(url)}" and "${database}"`);
    }
    return loginOf(url, `tributary_${name}_${kind}`);
  });
  await bootstrapDatabase({ adminUrl, database, owner: loginOf(urls.owner, `tributary_${name}_owner`), logins });
  return migrateDatabase({ ownerUrl: urls.owner, folder: join(FOLDER, name, "migrations") });
}

/**
 * Connections for a database on the server of `adminUrl`, all with one password.
 * @param database default `tributary_<name>`; tests give each stack its own
 */
export function databaseUrls(
  adminUrl: string,
  name: DatabaseName,
  password: string,
  database: string = `tributary_${name}`,
): DatabaseUrls {
  const as = (kind: LoginKind | "owner"): string => {
    const url = new URL(adminUrl);
    url.username = `tributary_${name}_${kind}`;
    url.password = encodeURIComponent(password);
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  };
  const urls = { owner: as("owner"), app: as("app") };
  return DATABASES[name].logins.includes("relay") ? { ...urls, relay: as("relay") } : urls;
}

function databaseOf(url: string): string {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  if (database === "") throw new Error("a database URL must end in the database's name");
  return database;
}

function loginOf(url: string, expected: string): LoginRole {
  const { username, password } = new URL(url);
  const name = decodeURIComponent(username);
  // The migrations grant to these names; another login would exist but be refused everything.
  if (name !== expected) throw new Error(`expected the role ${expected} in a database URL, found "${name}"`);
  return { name, password: decodeURIComponent(password) };
}
