import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTenantReader, type TenantReader } from "../../../platform/database/tenant-reader.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { type AuditClient, type AuditTransaction, createAuditClient } from "../../../prisma/audit/client.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { waitFor } from "../../support/wait.ts";

let server: PostgresServer;
let client: AuditClient;
let reader: TenantReader<AuditTransaction>;

beforeAll(async () => {
  server = await startPostgres();
  const urls = databaseUrls(server.adminUrl, "audit", "test-password");
  await prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls });
  client = createAuditClient(urls.app, { poolSize: 4 });
  for (const tenant of ["org_a", "org_b"]) {
    await inTenants(client, [tenant], async (tx) => {
      await tx.auditChain.create({
        data: { tenantId: tenant, sequence: 1n, hash: tenant },
        select: { tenantId: true },
      });
    });
  }
  reader = createTenantReader(client, ["org_a"]);
});

afterAll(async () => {
  await client?.$disconnect();
  await server?.stop();
});

/** Which transaction a read runs in: its start is its name. */
async function startOf(tx: AuditTransaction): Promise<string> {
  const [row] = await tx.$queryRaw<{ start: string }[]>`SELECT now()::text || pg_backend_pid() AS start`;
  return row?.start ?? "";
}

test("reads beside each other, and reads that follow at once, share one transaction", async () => {
  const [first, second] = await Promise.all([reader(startOf), reader(startOf)]);
  const third = await reader(startOf);
  expect(new Set([first, second, third]).size).toBe(1);
});

test("once nothing is asked for, the transaction ends and its connection is free", async () => {
  const before = await reader(startOf);
  const admin = new Client({ connectionString: server.adminUrl });
  await admin.connect();
  try {
    await waitFor(
      async () => {
        const open = await admin.query(
          "SELECT 1 FROM pg_stat_activity WHERE usename = 'tributary_audit_app' AND state LIKE 'idle in transaction%'",
        );
        return open.rowCount === 0;
      },
      { what: "the transaction to end" },
    );
  } finally {
    await admin.end();
  }
  expect(await reader(startOf)).not.toBe(before);
});

test("a reader sees its tenants' rows and no others [S77]", async () => {
  const seen = await reader((tx) => tx.auditChain.findMany({ select: { tenantId: true } }));
  expect(seen).toEqual([{ tenantId: "org_a" }]);
  const both = createTenantReader(client, ["org_a", "org_b"]);
  const nobody = createTenantReader(client, []);
  const counts = await Promise.all([both, nobody].map((read) => read((tx) => tx.auditChain.count())));
  expect(counts).toEqual([2, 0]);
});

test("a transaction that is not bound to tenants sees no row, whatever ran on its connection before [S77]", async () => {
  await Promise.all(Array.from({ length: 8 }, () => inTenants(client, ["org_a"], (tx) => tx.auditChain.count())));
  expect(await client.$transaction((tx) => tx.auditChain.count())).toBe(0);
  expect(await client.auditChain.count()).toBe(0);
});

test("what is no tenant id is refused before it reaches the database", () => {
  for (const bad of ["", "org_a,org_b", "org_a'; SELECT '"]) {
    expect(() => inTenants(client, [bad], async () => 0)).toThrow(TypeError);
  }
});

test("a read that fails takes nobody with it who shared its transaction", async () => {
  const answers = await Promise.allSettled([
    reader(startOf),
    reader((tx) => tx.$queryRaw`SELECT 1 / 0`),
    reader((tx) => tx.auditChain.count()),
    reader(startOf),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(await reader((tx) => tx.auditChain.count())).toBe(1);
});
