/**
 * A database of the platform, a subgraph's or the event log's: which roles work on it (the names the migrations grant
 * to) and how to bring it up to date. Names of databases are free, names of roles are not.
 */
import { bootstrapDatabase, type LoginRole } from "./bootstrap.ts";
import { migrateDatabase } from "./migrate.ts";
import { EVENTS_DATABASE, migrationsOf, subgraphDatabases } from "./subgraph-databases.ts";

/** What a login is for: `app` serves requests and consumers, `relay` empties the outbox. */
export type LoginKind = "app" | "relay";

/** The logins of a database: the event log's has no outbox. */
export const loginsOf = (name: string): readonly LoginKind[] => (name === EVENTS_DATABASE ? ["app"] : ["app", "relay"]);

export interface DatabaseUrls {
  readonly owner: string;
  readonly app: string;
  /** Absent for the event log, which has no outbox. */
  readonly relay?: string;
}

export interface PrepareOptions {
  readonly adminUrl: string;
  /** Name of a subgraph, or `EVENTS_DATABASE`. */
  readonly name: string;
  /** Users, passwords and the database's name are taken from them; every login of the database must be given. */
  readonly urls: DatabaseUrls;
  /** Where the databases' schemas and migrations stand; default: this folder. */
  readonly folder?: string;
}

/**
 * Creates roles and database where missing and applies pending migrations.
 * @returns names of the migrations applied by this call
 * @throws MigrationError see migrateDatabase; Error when a URL names the wrong role or another database than its
 * siblings, or there is no such database
 */
export async function prepareDatabase({ adminUrl, name, urls, folder }: PrepareOptions): Promise<string[]> {
  if (name !== EVENTS_DATABASE && !subgraphDatabases(folder).includes(name)) {
    throw new Error(`there is no database of ${name}: prisma/${name}/schema.prisma is missing`);
  }
  const database = databaseOf(urls.owner);
  const logins = loginsOf(name).map((kind) => {
    const url = urls[kind];
    if (url === undefined) throw new Error(`the ${name} database needs a connection for its role ${kind}`);
    if (databaseOf(url) !== database) {
      throw new Error(`the connections of the ${name} database disagree: "${databaseOf(url)}" and "${database}"`);
    }
    return loginOf(url, `tributary_${name}_${kind}`);
  });
  await bootstrapDatabase({ adminUrl, database, owner: loginOf(urls.owner, `tributary_${name}_owner`), logins });
  return migrateDatabase({ ownerUrl: urls.owner, ...migrationsOf(name, folder) });
}

/**
 * Connections for a database on the server of `adminUrl`, all with one password.
 * @param database default `tributary_<name>`; tests give each stack its own
 */
export function databaseUrls(
  adminUrl: string,
  name: string,
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
  return loginsOf(name).includes("relay") ? { ...urls, relay: as("relay") } : urls;
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
