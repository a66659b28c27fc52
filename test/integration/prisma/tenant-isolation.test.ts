import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { subgraphDatabases } from "../../../prisma/subgraph-databases.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { inDatabase, withClient } from "./as-role.ts";
import { fillTenantTables, type TenantTable, tenantTables } from "./tenant-tables.ts";

const TENANT = "org_probe";

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
  for (const name of subgraphDatabases()) {
    await prepareDatabase({ adminUrl: server.adminUrl, name, urls: databaseUrls(server.adminUrl, name, "pw") });
  }
});

afterAll(() => server.stop());

async function count(client: Client, table: TenantTable, tenants: string | undefined): Promise<number> {
  if (tenants === undefined) await client.query("RESET app.tenants");
  else await client.query("SELECT set_config('app.tenants', $1, false)", [tenants]);
  const result = await client.query(`SELECT count(*)::int AS n FROM ${client.escapeIdentifier(table.name)}`);
  return result.rows[0].n;
}

describe.each(subgraphDatabases())("the %s database", (name) => {
  const admin = (): string => inDatabase(server.adminUrl, `tributary_${name}`);
  const logins = ["app", "relay"] as const;

  test("its logins own nothing and have no right above their grants [MT-01][S77]", async () => {
    await withClient(admin(), async (client) => {
      for (const login of logins) {
        const role = `tributary_${name}_${login}`;
        const rights = await client.query(
          "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = $1",
          [role],
        );
        expect(rights.rows).toEqual([
          { rolsuper: false, rolbypassrls: false, rolcreatedb: false, rolcreaterole: false },
        ]);
        const owned = await client.query("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = $1", [role]);
        expect(owned.rows).toEqual([]);
        const member = await client.query("SELECT roleid FROM pg_auth_members WHERE pg_get_userbyid(member) = $1", [
          role,
        ]);
        expect(member.rows).toEqual([]);
      }
    });
  });

  test("row-level security is enabled and forced on every table with a tenant [MT-01][S77]", async () => {
    const tables = await withClient(admin(), tenantTables);
    expect(tables.length).toBeGreaterThan(0);
    expect(tables.filter((table) => !table.enabled || !table.forced).map((table) => table.name)).toEqual([]);
  });

  test("the app role reads no row of any tenant table without a tenant, nor with another one [MT-01][S77]", async () => {
    const tables = await withClient(admin(), (client) => fillTenantTables(client, TENANT));
    await withClient(databaseUrls(server.adminUrl, name, "pw").app, async (client) => {
      const seen: Record<string, unknown> = {};
      const readable = tables.filter((table) => table.readers.includes(`tributary_${name}_app`));
      for (const table of readable) {
        seen[table.name] = {
          unset: await count(client, table, undefined),
          none: await count(client, table, ""),
          other: await count(client, table, "org_other"),
          own: await count(client, table, TENANT),
        };
      }
      // `own` proves that there was a row to be seen.
      expect(seen).toEqual(
        Object.fromEntries(readable.map((table) => [table.name, { unset: 0, none: 0, other: 0, own: 1 }])),
      );
      expect(readable.length).toBeGreaterThan(0);
    });
  });
});
