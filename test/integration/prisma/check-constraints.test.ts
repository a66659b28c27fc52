// Every CHECK of every table refuses what it is there to refuse, whoever writes: the last layer stands alone.
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { inDatabase, withClient } from "./as-role.ts";
import { AUDIT } from "./constraint-examples/audit.ts";
import { BILLING } from "./constraint-examples/billing.ts";
import type { Row } from "./constraint-examples/table.ts";
import { USER } from "./constraint-examples/user.ts";

const DATABASES = { user: USER, billing: BILLING, audit: AUDIT };

const constraintRows = z.array(z.object({ holder: z.string(), name: z.string() }));

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

/** What the database answers to the row; undefined when it takes it, which is undone. */
async function refusalOf(client: Client, table: string, row: Row): Promise<unknown> {
  const columns = Object.keys(row).map((column) => client.escapeIdentifier(column));
  const values = columns.map((_, index) => `$${index + 1}`);
  await client.query("BEGIN");
  try {
    const into = `INSERT INTO ${client.escapeIdentifier(table)} (${columns.join(", ")}) VALUES (${values.join(", ")})`;
    await client.query(into, Object.values(row));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.query("ROLLBACK");
  }
}

describe.for(Object.entries(DATABASES))("the database %s", ([name, tables]) => {
  async function withDatabase<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const urls = databaseUrls(server.adminUrl, name, "p");
    await prepareDatabase({ adminUrl: server.adminUrl, name, urls });
    return withClient(inDatabase(server.adminUrl, new URL(urls.owner).pathname.slice(1)), async (client) => {
      // References are no checks: what a row refers to is not made here.
      await client.query("SET session_replication_role = replica");
      return work(client);
    });
  }

  test("has an example for each of its checks, and none for another [S19]", async () => {
    const found = await withDatabase(async (client) => {
      const { rows } = await client.query(`
        SELECT relname AS holder, conname AS name FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE contype = 'c' AND connamespace = 'public'::regnamespace`);
      return constraintRows.parse(rows).map((row) => `${row.holder}: ${row.name}`);
    });
    const named = Object.entries(tables).flatMap(([table, { violations }]) =>
      Object.keys(violations).map((constraint) => `${table}: ${constraint}`),
    );
    expect(named.sort()).toEqual(found.sort());
  });

  test("takes a row that is right, and refuses it for each thing that is wrong [S19]", async () => {
    await withDatabase(async (client) => {
      for (const [table, { row, violations }] of Object.entries(tables)) {
        expect(await refusalOf(client, table, row)).toBeUndefined();
        for (const [constraint, wrongs] of Object.entries(violations)) {
          for (const wrong of wrongs) {
            const refusal = await refusalOf(client, table, { ...row, ...wrong });
            expect(refusal, JSON.stringify({ table, ...wrong })).toMatchObject({ code: "23514", constraint });
          }
        }
      }
    });
  });
});
