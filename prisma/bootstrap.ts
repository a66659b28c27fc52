/**
 * Creates what migrations presuppose: the login roles and their database. No role is superuser, may bypass row-level
 * security, or may create databases or roles. It is safe to repeat, and to run from several processes on one cluster at
 * once.
 */
import type pg from "pg";
import { connected } from "./connection.ts";

export interface LoginRole {
  readonly name: string;
  /** Set at every call, so a changed password in the configuration takes effect. */
  readonly password: string;
}

export interface BootstrapOptions {
  /** Connection of a role that may create roles and databases. */
  readonly adminUrl: string;
  readonly database: string;
  /** Owns the database and everything the migrations make. */
  readonly owner: LoginRole;
  /** May connect; what they may touch is granted by the migrations. */
  readonly logins: readonly LoginRole[];
}

/** Any number: all bootstraps of a cluster share it, because roles belong to the cluster. */
const BOOTSTRAP_LOCK = 1_414_680_135;

/** Creates or corrects roles, database and grants. Existing data is never touched. */
export async function bootstrapDatabase(options: BootstrapOptions): Promise<void> {
  await connected(options.adminUrl, async (admin) => {
    // Advisory locks are per database, so the lock is taken in one database that every caller shares.
    await admin.query("SELECT pg_advisory_lock($1)", [BOOTSTRAP_LOCK]);
    for (const role of [options.owner, ...options.logins]) await ensureRole(admin, role);
    await ensureDatabase(admin, options);

    // PUBLIC's rights live inside the database: they need a connection to it.
    const inside = new URL(options.adminUrl);
    inside.pathname = `/${encodeURIComponent(options.database)}`;
    await connected(inside.href, async (client) => {
      const owner = client.escapeIdentifier(options.owner.name);
      await client.query("REVOKE ALL ON SCHEMA public FROM PUBLIC");
      await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${owner}`);
      for (const login of options.logins) {
        await client.query(`GRANT USAGE ON SCHEMA public TO ${client.escapeIdentifier(login.name)}`);
      }
    });
  });
}

async function ensureRole(admin: pg.Client, role: LoginRole): Promise<void> {
  const name = admin.escapeIdentifier(role.name);
  const existing = await admin.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role.name]);
  const verb = existing.rows.length === 0 ? "CREATE" : "ALTER";
  // An admin that is no superuser itself (managed Postgres) may not mention SUPERUSER or BYPASSRLS, not even to deny
  // them: they are denied by default, and an existing role is checked instead.
  await admin.query(
    `${verb} ROLE ${name} LOGIN NOCREATEDB NOCREATEROLE PASSWORD ${admin.escapeLiteral(role.password)}`,
  );
  const mighty = await admin.query("SELECT 1 FROM pg_roles WHERE rolname = $1 AND (rolsuper OR rolbypassrls)", [
    role.name,
  ]);
  if (mighty.rows.length > 0) await admin.query(`ALTER ROLE ${name} NOSUPERUSER NOBYPASSRLS`);
}

async function ensureDatabase(admin: pg.Client, options: BootstrapOptions): Promise<void> {
  const database = admin.escapeIdentifier(options.database);
  const owner = admin.escapeIdentifier(options.owner.name);
  const existing = await admin.query("SELECT 1 FROM pg_database WHERE datname = $1", [options.database]);
  if (existing.rows.length === 0) {
    // An admin without superuser rights must be a member of the owner role to give it a database.
    await admin.query(`DO $$ BEGIN
      IF NOT pg_has_role(current_user, ${admin.escapeLiteral(options.owner.name)}, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO CURRENT_USER', ${admin.escapeLiteral(options.owner.name)});
      END IF;
    END $$`);
    await admin.query(`CREATE DATABASE ${database} OWNER ${owner} ENCODING 'UTF8' TEMPLATE template0`);
  }
  await admin.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC`);
  for (const login of options.logins) {
    await admin.query(`GRANT CONNECT ON DATABASE ${database} TO ${admin.escapeIdentifier(login.name)}`);
  }
}
