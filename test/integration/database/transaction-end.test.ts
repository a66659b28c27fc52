// Transactions whose begin and commit go with their first and last statement: nothing of what a transaction promises is
// lost by it.
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { inTenants, readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { type AuditClient, type AuditTables, createAuditClient } from "../../../prisma/audit/client.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { textAsId } from "../../support/identities.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { watchStatements } from "../subgraphs/watched-statements.ts";
import { singleValue } from "../support/single-value.ts";

const ORG_A = textAsId("org", "org_a");
const ORG_B = textAsId("org", "org_b");
const ORG_C = textAsId("org", "org_c");
const ORG_D = textAsId("org", "org_d");
const ORG_NEXT = textAsId("org", "org_next");
const USR_B = textAsId("usr", "usr_b");

let server: PostgresServer;
let admin: Pool;
let client: AuditClient;

beforeAll(async () => {
  server = await startPostgres();
  const urls = databaseUrls(server.adminUrl, "audit", "test-password");
  await prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls });
  const address = new URL(server.adminUrl);
  address.pathname = new URL(urls.owner).pathname;
  admin = new Pool({ connectionString: address.href, max: 2 });
  // Connections that are still closing when the server stops.
  admin.on("error", () => undefined);
  await admin.query(`
    CREATE TABLE thing (n int UNIQUE DEFERRABLE INITIALLY DEFERRED, tenant text DEFAULT current_setting('app.tenants'));
    GRANT SELECT, INSERT ON thing TO tributary_audit_app`);
  // One connection: each transaction is given the one that the test before it has used.
  client = createAuditClient(urls.app, { poolSize: 1 });
});

afterAll(async () => {
  await client?.$disconnect();
  await admin?.end();
  await server?.stop();
});

const insert = (tx: AuditTables, n: number) => tx.$executeRaw`INSERT INTO thing (n) VALUES (${n})`;

async function stored(): Promise<{ n: number; tenant: string }[]> {
  const { rows } = await admin.query("SELECT n, tenant FROM thing ORDER BY n");
  await admin.query("TRUNCATE thing");
  return rows;
}

test("the last statement commits with the others, for the transaction's tenants, and no message goes without a statement", async () => {
  await inTenants(client, [ORG_A], (tx) => insert(tx, 0));
  using statements = watchStatements(/./);
  await inTenants(client, [ORG_A, USR_B], async (tx, end) => {
    await insert(tx, 1);
    await insert(tx, 2);
    end.commitWithNext();
    await insert(tx, 3);
  });
  await inTenants(client, [ORG_C], (tx, end) => {
    end.commitWithNext();
    return insert(tx, 4);
  });
  await inTenants(client, [ORG_C], async () => undefined);
  expect(statements.begun).toHaveLength(4);
  expect(await stored()).toEqual([
    { n: 0, tenant: ORG_A },
    { n: 1, tenant: "org_a,usr_b" },
    { n: 2, tenant: "org_a,usr_b" },
    { n: 3, tenant: "org_a,usr_b" },
    { n: 4, tenant: ORG_C },
  ]);
});

test("what fails stores nothing of its transaction: work, the first statement, the last one, the commit", async () => {
  const failures: ((tx: AuditTables, end: { commitWithNext(): void }) => Promise<unknown>)[] = [
    async (tx) => {
      await insert(tx, 1);
      throw new Error("on purpose");
    },
    async (tx, end) => {
      await insert(tx, 1);
      end.commitWithNext();
      throw new Error("on purpose");
    },
    async (tx) => {
      await tx.$executeRaw`INSERT INTO nothing_of_this_name VALUES (1)`;
    },
    async (tx, end) => {
      await insert(tx, 1);
      end.commitWithNext();
      await tx.$queryRaw`INSERT INTO thing (n) VALUES (2) RETURNING 1 / (n - 2)`;
    },
    async (tx, end) => {
      await insert(tx, 1);
      end.commitWithNext();
      // Unique at the commit only: the statement succeeds, and its commit fails.
      await insert(tx, 1);
    },
    async (tx) => {
      await insert(tx, 1);
      await insert(tx, 1);
    },
  ];
  for (const fail of failures) {
    await expect(inTenants(client, [ORG_A], fail)).rejects.toThrow();
    expect(await stored()).toEqual([]);
    // The connection serves the next one, which sees its own tenants.
    await inTenants(client, [ORG_NEXT], (tx) => insert(tx, 7));
    expect(await stored()).toEqual([{ n: 7, tenant: ORG_NEXT }]);
  }
});

test("a statement after the last one is refused: it would see nobody's rows and could not be rolled back", async () => {
  const late = inTenants(client, [ORG_A], async (tx, end) => {
    end.commitWithNext();
    await insert(tx, 1);
    await insert(tx, 2);
  });
  await expect(late).rejects.toThrow("follows the last one");
  expect(await stored()).toEqual([{ n: 1, tenant: ORG_A }]);
});

test("neither readers nor transactions inherit the tenants of the one before [MT-01]", async () => {
  const tenants = async (tx: AuditTables) => {
    return singleValue(await tx.$queryRaw`SELECT current_setting('app.tenants', true) AS now`, z.string());
  };
  const seen: string[] = [];
  for (const [index, name] of [ORG_A, ORG_B, ORG_C, ORG_D].entries()) {
    const run = index % 2 === 0 ? readInTenants<AuditTables, string> : inTenants;
    seen.push(await run(client, [name], tenants));
    seen.push(await client.$transaction(tenants));
  }
  expect(seen).toEqual([ORG_A, "", ORG_B, "", ORG_C, "", ORG_D, ""]);
});
