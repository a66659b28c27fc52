import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createTenantReader, type TenantReader } from "../../../platform/database/tenant-reader.ts";
import { inTenants, readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { type AuditClient, type AuditTables, createAuditClient } from "../../../prisma/audit/client.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { textAsId } from "../../support/identities.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { singleValue } from "../support/single-value.ts";

const ORG_A = textAsId("org", "org_a");
const ORG_B = textAsId("org", "org_b");

let server: PostgresServer;
let client: AuditClient;
let reader: TenantReader<AuditTables>;

beforeAll(async () => {
  server = await startPostgres();
  const urls = databaseUrls(server.adminUrl, "audit", "test-password");
  await prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls });
  client = createAuditClient(urls.app, { poolSize: 4 });
  for (const tenant of [ORG_A, ORG_B]) {
    await inTenants(client, [tenant], async (tx) => {
      await tx.auditChain.create({
        data: { tenantId: tenant, sequence: 1n, hash: tenant },
        select: { tenantId: true },
      });
    });
  }
  reader = createTenantReader(client, [ORG_A]);
});

afterAll(async () => {
  await client?.$disconnect();
  await server?.stop();
});

async function connectionOf(tx: AuditTables): Promise<number> {
  return singleValue(await tx.$queryRaw`SELECT pg_backend_pid() AS pid`, z.int());
}

test("reads beside each other, and reads that follow at once, share one connection", async () => {
  const [first, second] = await Promise.all([reader(connectionOf), reader(connectionOf)]);
  const third = await reader(connectionOf);
  expect(new Set([first, second, third]).size).toBe(1);
});

test("a read that fails leaves those beside it their answers", async () => {
  const fail = (tx: AuditTables) => tx.$queryRaw`SELECT 1 / 0`;
  const [first, failed, ...others] = await Promise.allSettled([
    reader(connectionOf),
    reader(fail),
    reader(connectionOf),
    reader(connectionOf),
  ]);
  expect(failed.status).toBe("rejected");
  for (const other of [first, ...others]) expect(other).toMatchObject({ value: expect.any(Number) });
});

test("a read sees what was committed after the read before it, and leaves no transaction open", async () => {
  const admin = new Client({ connectionString: server.adminUrl });
  await admin.connect();
  const sequence = (tx: AuditTables) => tx.auditChain.findMany({ select: { sequence: true } });
  try {
    await reader(async (tx) => {
      expect(await sequence(tx)).toEqual([{ sequence: 1n }]);
      const open = await admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE usename = 'tributary_audit_app' AND state LIKE 'idle in transaction%'",
      );
      expect(open.rowCount).toBe(0);
      await inTenants(client, [ORG_A], (other) => other.auditChain.updateMany({ data: { sequence: 2n } }));
      expect(await sequence(tx)).toEqual([{ sequence: 2n }]);
    });
  } finally {
    await admin.end();
  }
});

test("readers on connections that others had before see their own tenants' rows only, a thousand times [S77, CA-07]", async () => {
  const readers = [ORG_A, ORG_B].map((tenant) => ({ tenant, read: createTenantReader(client, [tenant]) }));
  const seen = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      const { tenant, read } = readers[index % 2] ?? { tenant: ORG_A, read: reader };
      const [rows, found] = await Promise.all([
        read((tx) => tx.auditChain.findMany({ select: { tenantId: true } })),
        // Prisma gathers these by transaction.
        read((tx) => tx.auditChain.findUnique({ where: { tenantId: ORG_A }, select: { tenantId: true } })),
      ]);
      if (index % 7 === 0) await new Promise(setImmediate);
      return JSON.stringify([rows, found]) === JSON.stringify(expected(tenant));
    }),
  );
  expect(seen.filter((right) => !right)).toEqual([]);
});

const expected = (tenant: string) => [[{ tenantId: tenant }], tenant === ORG_A ? { tenantId: tenant } : null];

test("a reader sees its tenants' rows and no others [S77]", async () => {
  const seen = await reader((tx) => tx.auditChain.findMany({ select: { tenantId: true } }));
  expect(seen).toEqual([{ tenantId: ORG_A }]);
  const both = createTenantReader(client, [ORG_A, ORG_B]);
  const nobody = createTenantReader(client, []);
  const counts = await Promise.all([both, nobody].map((read) => read((tx) => tx.auditChain.count())));
  expect(counts).toEqual([2, 0]);
});

test("a transaction that is not bound to tenants sees no row, whatever ran on its connection before [S77]", async () => {
  await Promise.all(Array.from({ length: 8 }, () => inTenants(client, [ORG_A], (tx) => tx.auditChain.count())));
  expect(await client.$transaction((tx) => tx.auditChain.count())).toBe(0);
  expect(await client.auditChain.count()).toBe(0);
  await Promise.all(Array.from({ length: 8 }, () => readInTenants(client, [ORG_A], (tx) => tx.auditChain.count())));
  expect(await client.$transaction((tx) => tx.auditChain.count())).toBe(0);
  expect(await client.auditChain.count()).toBe(0);
});

test("what is no tenant id is refused before it reaches the database", () => {
  for (const text of ["", "org_a,org_b", "org_a'; SELECT '"]) {
    const bad = textAsId("org", text);
    expect(() => inTenants(client, [bad], async () => 0)).toThrow(TypeError);
    expect(() => readInTenants(client, [bad], async () => 0)).toThrow(TypeError);
  }
});

test("a read that fails takes nobody with it who shared its connection", async () => {
  const answers = await Promise.allSettled([
    reader(connectionOf),
    reader((tx) => tx.$queryRaw`SELECT 1 / 0`),
    reader((tx) => tx.auditChain.count()),
    reader(connectionOf),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(await reader((tx) => tx.auditChain.count())).toBe(1);
});

test("a statement of every kind is bound: prepared or not, with parameters or without, of several rows or none", async () => {
  const answers = await reader(async (tx) => [
    await tx.$queryRawUnsafe("SELECT tenant_id FROM audit_chain"),
    await tx.$queryRawUnsafe("SELECT tenant_id FROM audit_chain WHERE tenant_id = $1", ORG_B),
    await tx.$queryRawUnsafe("VALUES (1), (2), (3)"),
    await tx.$queryRawUnsafe("SELECT count(*)::int AS n FROM audit_chain, generate_series(1, 2000)"),
  ]);
  expect(answers).toEqual([
    [{ tenant_id: ORG_A }],
    [],
    [{ column1: 1 }, { column1: 2 }, { column1: 3 }],
    [{ n: 2_000 }],
  ]);
});
