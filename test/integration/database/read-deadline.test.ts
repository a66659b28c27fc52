// Reads end when nobody waits for them any more, in the database too, and give their connection back.
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createTenantReader } from "../../../platform/database/tenant-reader.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { type AuditClient, type AuditTables, createAuditClient } from "../../../prisma/audit/client.ts";
import { connected } from "../../../prisma/connection.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { textAsId } from "../../support/identities.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { waitFor } from "../../support/wait.ts";
import { singleValue } from "../support/single-value.ts";

const ORG_A = textAsId("org", "org_a");

const SOON_MS = 300;
/** The statements would go on for twenty seconds. */
const ENDS_LATE_MS = 10_000;

let server: PostgresServer;
let url: string;

beforeAll(async () => {
  server = await startPostgres();
  const urls = databaseUrls(server.adminUrl, "audit", "test-password");
  await prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls });
  url = urls.app;
});
afterAll(() => server?.stop());

/** One connection, so that who holds it is felt by all. */
function openClient(): AuditClient {
  const client = createAuditClient(url, { poolSize: 1 });
  onTestFinished(() => client.$disconnect());
  return client;
}

const sleep = (tx: AuditTables) => tx.$queryRaw`SELECT pg_sleep(20)::text`;
const readOne = async (tx: AuditTables) => singleValue(await tx.$queryRaw`SELECT 1 AS one`, z.int());
const timeout = async (tx: AuditTables) =>
  singleValue(await tx.$queryRaw`SELECT current_setting('statement_timeout') AS now`, z.string());

/** Statements that the role's connections run. */
function running(): Promise<number> {
  return connected(server.adminUrl, async (admin) => {
    const { rows } = await admin.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'tributary_audit_app' AND state = 'active'",
    );
    return rows[0]?.count ?? 0;
  });
}

test("a slow statement ends with the deadline, and its connection serves the next reader at once", async () => {
  const client = openClient();
  const begun = performance.now();
  const read = createTenantReader(client, [ORG_A], begun + SOON_MS);
  await expect(read(sleep)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", status: 504, retryable: true });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(SOON_MS);
  expect(performance.now() - begun).toBeLessThan(SOON_MS + ENDS_LATE_MS);
  expect(await running()).toBe(0);
  expect(await createTenantReader(client, [ORG_A])(readOne)).toBe(1);
});

test("a statement that waits for a lock ends with the deadline, too", async () => {
  const client = openClient();
  await connected(databaseOf(server.adminUrl), async (admin) => {
    await admin.query("BEGIN; LOCK TABLE audit_chain IN ACCESS EXCLUSIVE MODE");
    const read = createTenantReader(client, [ORG_A], performance.now() + SOON_MS);
    await expect(read((tx) => tx.auditChain.count())).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await admin.query("COMMIT");
    expect(await createTenantReader(client, [ORG_A], performance.now() + 60_000)((tx) => tx.auditChain.count())).toBe(
      0,
    );
  });
});

test("statements that wait for each other on one connection all end with the deadline", async () => {
  const client = openClient();
  const begun = performance.now();
  const read = createTenantReader(client, [ORG_A], begun + SOON_MS);
  const half = (tx: AuditTables) => tx.$queryRaw`SELECT pg_sleep(0.2)::text`;
  const ends = await Promise.allSettled([read(half), read(half), read(half), read(half), read(sleep)]);
  expect(performance.now() - begun).toBeLessThan(SOON_MS + ENDS_LATE_MS);
  expect(ends.map(({ status }) => status).slice(1)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
  expect(await running()).toBe(0);
});

test("what has not begun at the deadline is not begun, be it that it waited for a connection", async () => {
  const client = openClient();
  const over = createTenantReader(client, [ORG_A], performance.now());
  await expect(over(async () => expect.unreachable())).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });

  const held = Promise.withResolvers<void>();
  const holder = createTenantReader(client, [ORG_A])(() => held.promise);
  const deadline = performance.now() + SOON_MS;
  const waiting = createTenantReader(client, [ORG_A], deadline)(async () => expect.unreachable());
  waiting.catch(() => undefined);
  await waitFor(() => performance.now() > deadline, { what: "the deadline" });
  held.resolve();
  await holder;
  await expect(waiting).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("the limit is the reader's alone: neither another reader nor a command on the same connection has it", async () => {
  const client = openClient();
  const limited = await createTenantReader(client, [ORG_A], performance.now() + 60_000)(timeout);
  expect(Number.parseInt(limited ?? "", 10)).toBeGreaterThan(0);
  expect(await createTenantReader(client, [ORG_A])(timeout)).toBe("0");
  expect(await inTenants(client, [ORG_A], timeout)).toBe("0");
  expect(await client.$transaction(timeout)).toBe("0");
});

function databaseOf(adminUrl: string): string {
  const address = new URL(adminUrl);
  address.pathname = new URL(url).pathname;
  return address.href;
}
