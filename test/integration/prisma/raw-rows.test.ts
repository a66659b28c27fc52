// What raw SQL answers equals what Prisma reads, for every column of every model.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { raw } from "@prisma/client/runtime/client";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createAuditClient } from "../../../prisma/audit/client.ts";
import * as auditModels from "../../../prisma/audit/generated/raw-rows.ts";
import { createBillingClient } from "../../../prisma/billing/client.ts";
import * as billingModels from "../../../prisma/billing/generated/raw-rows.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { printRawRows } from "../../../prisma/print-raw-rows.ts";
import type { RawRows } from "../../../prisma/raw-rows.ts";
import { readDatamodel } from "../../../prisma/subgraph-databases.ts";
import { createUserClient } from "../../../prisma/user/client.ts";
import * as userModels from "../../../prisma/user/generated/raw-rows.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";

const ROOT = join(import.meta.dirname, "../../..");

interface Case {
  readonly name: string;
  readonly connect: typeof createUserClient | typeof createBillingClient | typeof createAuditClient;
  readonly models: Readonly<Record<string, RawRows<unknown>>>;
}

const CASES: readonly Case[] = [
  { name: "user", connect: createUserClient, models: userModels },
  { name: "billing", connect: createBillingClient, models: billingModels },
  { name: "audit", connect: createAuditClient, models: auditModels },
];

/** A value of each type of column; whole numbers do not fit a float. */
const VALUES: Readonly<Record<string, string>> = {
  text: "'some text'",
  uuid: "gen_random_uuid()",
  bigint: "9007199254740993",
  integer: "7",
  boolean: "true",
  date: "'2026-03-29'",
  "timestamp with time zone": "'2026-03-29T01:30:00.123Z'",
  jsonb: `'{"list": [1, null, "two"]}'`,
  ARRAY: "ARRAY['one', 'two']",
  bytea: "'\\x00ff7b'",
  int8multirange: "'{[1,4),[7,9)}'",
};

const columnRows = z.array(z.object({ column_name: z.string(), data_type: z.string(), is_nullable: z.string() }));

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
  for (const { name } of CASES) {
    await prepareDatabase({ adminUrl: server.adminUrl, name, urls: databaseUrls(server.adminUrl, name, "p") });
  }
});

afterAll(() => server?.stop());

/** As the superuser, for whom row-level security hides nothing. */
function adminUrl(name: string): string {
  const url = new URL(server.adminUrl);
  url.pathname = `/tributary_${name}`;
  return url.href;
}

async function asAdmin<Result>(name: string, work: (admin: Client) => Promise<Result>): Promise<Result> {
  const admin = new Client({ connectionString: adminUrl(name) });
  await admin.connect();
  try {
    // Neither foreign keys nor triggers: rows stand alone.
    await admin.query("SET session_replication_role = replica");
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function dropChecks(admin: Client): Promise<void> {
  const { rows } = await admin.query(
    "SELECT conrelid::regclass AS holder, quote_ident(conname) AS name FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0",
  );
  for (const { holder, name } of rows) await admin.query(`ALTER TABLE ${holder} DROP CONSTRAINT ${name}`);
}

/** One row, with a value in every column or with one only where it has to be. */
async function insertRow(admin: Client, table: string, nullable: "filled" | "null"): Promise<void> {
  const { rows } = await admin.query(
    "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = $1",
    [table],
  );
  const columns = columnRows.parse(rows);
  const values = columns.map(({ data_type, is_nullable }) =>
    nullable === "null" && is_nullable === "YES" ? "NULL" : (VALUES[data_type] ?? `no value for ${data_type}`),
  );
  await admin.query(`TRUNCATE "${table}" CASCADE`);
  const names = columns.map(({ column_name }) => `"${column_name}"`).join(", ");
  await admin.query(`INSERT INTO "${table}" (${names}) OVERRIDING SYSTEM VALUE VALUES (${values.join(", ")})`);
}

const delegateSchema = z.object({
  findMany: z.custom<() => Promise<unknown[]>>((value) => typeof value === "function"),
});

test.for(
  CASES.flatMap(({ models, ...database }) => Object.entries(models).map(([key, rows]) => ({ ...database, key, rows }))),
)("the raw rows of $name $rows.table are those that Prisma reads [S8]", async ({ name, connect, key, rows }) => {
  const client = connect(adminUrl(name), { poolSize: 1 });
  try {
    const model = delegateSchema.parse(Reflect.get(client, key.replace(/Rows$/, "")));
    for (const nullable of ["filled", "null"] as const) {
      await asAdmin(name, async (admin) => {
        await dropChecks(admin);
        await insertRow(admin, rows.table, nullable);
      });
      const read = await client.$queryRaw`SELECT ${rows.columns} FROM ${raw(`"${rows.table}"`)}`;
      const joined = await client.$queryRaw`SELECT ${rows.columnsOf("t")} FROM ${raw(`"${rows.table}"`)} AS t`;
      const expected = await model.findMany();
      expect(expected).toHaveLength(1);
      expect(rows.parse(read)).toEqual(expected);
      expect(rows.parse(joined)).toEqual(expected);
    }
  } finally {
    await client.$disconnect();
  }
});

test("a nullable column that the schema gains is read by raw SQL without anybody naming it", async () => {
  const schema = await readDatamodel("billing");
  const grown = schema.replace(/(model Invoice \{\n)/, "$1  memo String?\n");
  // Within the project, so that packages are found.
  const folder = join(ROOT, ".cache", `raw-rows-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const client = createBillingClient(adminUrl("billing"), { poolSize: 1 });
  try {
    const mechanism = pathToFileURL(join(ROOT, "prisma/raw-rows.ts")).href;
    await writeFile(join(folder, "rows.ts"), printRawRows(grown).replace("../../raw-rows.ts", mechanism));
    const { invoiceRows }: typeof billingModels = await import(pathToFileURL(join(folder, "rows.ts")).href);
    await asAdmin("billing", async (admin) => {
      await dropChecks(admin);
      await admin.query("ALTER TABLE invoice ADD COLUMN memo text");
      await insertRow(admin, "invoice", "filled");
    });
    const rows = await client.$queryRaw`SELECT ${invoiceRows.columns} FROM invoice FOR UPDATE`;
    expect(invoiceRows.parse(rows)).toEqual([expect.objectContaining({ memo: "some text" })]);
  } finally {
    await client.$disconnect();
    await asAdmin("billing", (admin) => admin.query("ALTER TABLE invoice DROP COLUMN IF EXISTS memo"));
    await rm(folder, { recursive: true, force: true });
  }
});

test("a raw row that lacks a column, or has a null where the model has none, is refused by name", () => {
  const whole = { id: "rol_1", organizationId: "org_1", name: "OWNER", permissions: [], builtIn: true };
  const { builtIn: _left, ...without } = whole;
  expect(userModels.roleRows.parse([whole])).toEqual([whole]);
  expect(() => userModels.roleRows.parse([without])).toThrow(/"role".*\n?.*builtIn/s);
  expect(() => userModels.roleRows.parse([{ ...whole, name: null }])).toThrow(/"role".*\n?.*name/s);
});
