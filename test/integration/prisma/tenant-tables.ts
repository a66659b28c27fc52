// The tables with a tenant as the catalogue knows them, and one row in each, so that "reads nothing" means something.
import type { Client } from "pg";

export interface TenantTable {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  /** Roles that may SELECT some column of it. */
  readonly readers: readonly string[];
}

/** Columns that say whose a row is. */
const TENANT_COLUMNS = ["tenant_id", "organization_id", "user_id"];

export async function tenantTables(client: Client): Promise<TenantTable[]> {
  const result = await client.query(
    `SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname LIKE 'tributary%'
             AND has_table_privilege(r.oid, c.oid, 'SELECT')) AS readers
     FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY ($1))
     ORDER BY c.relname`,
    [TENANT_COLUMNS],
  );
  return result.rows;
}

/**
 * Stores one row of `tenant` in every tenant table, as superuser. Checks are dropped and triggers bypassed: the
 * database is the test's own, and only who may see the row matters here.
 */
export async function fillTenantTables(client: Client, tenant: string): Promise<TenantTable[]> {
  const tables = await tenantTables(client);
  await client.query("SET session_replication_role = replica");
  for (const { name } of tables) {
    const table = client.escapeIdentifier(name);
    const checks = await client.query(
      "SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c'",
      [table],
    );
    for (const { conname } of checks.rows) {
      await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${client.escapeIdentifier(conname)}`);
    }
    const columns = await requiredColumns(client, table);
    const names = columns.map((column) => client.escapeIdentifier(column.name));
    const values = columns.map((column) =>
      TENANT_COLUMNS.includes(column.name) ? client.escapeLiteral(tenant) : sample(column),
    );
    await client.query(`DELETE FROM ${table}`);
    await client
      .query(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${values.join(", ")})`)
      .catch((cause: unknown) => {
        throw new Error(`no sample row for ${name}; teach sample() its types`, { cause });
      });
  }
  return tables;
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly category: string;
  readonly label: string | null;
}

/** Columns an INSERT must give, and the tenant columns in any case. */
async function requiredColumns(client: Client, table: string): Promise<Column[]> {
  const result = await client.query(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, t.typcategory::text AS category,
       (SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder LIMIT 1) AS label
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
       AND ((a.attnotnull AND NOT a.atthasdef) OR a.attname = ANY ($2))`,
    [table, TENANT_COLUMNS],
  );
  return result.rows;
}

function sample({ type, category, label }: Column): string {
  if (label !== null) return `'${label}'`;
  if (type === "uuid") return "gen_random_uuid()";
  if (category === "A") return "'{}'";
  if (category === "N") return "1";
  if (category === "B") return "false";
  if (category === "D") return "now()";
  if (category === "T") return "'1 day'";
  if (category === "I") return "'127.0.0.1'";
  if (type === "json" || type === "jsonb") return "'{}'";
  if (type === "bytea") return "'\\x00'";
  return "'x'";
}
