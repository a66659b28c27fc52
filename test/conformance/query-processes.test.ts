// S86: queries apart from commands. A process answers queries alone, out of a replica; whoever has written reads what
// they wrote; a replica that is behind or gone is left out; without the process the others answer.
import { randomUUID } from "node:crypto";
import type { QueryResultRow } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { createIdSource } from "../../platform/ids.ts";
import { type Account, type Member, newMember, newOrganization, signIn } from "../support/client/new-member.ts";
import { freePort } from "../support/ports.ts";
import type { ProjectProcess } from "../support/process.ts";
import { type PostgresServer, startPostgres } from "../support/services/postgres.ts";
import { startReplica } from "../support/services/postgres-replica.ts";
import { cutConnections } from "../support/stack/cut-connections.ts";
import { rowsOf } from "../support/stack/rows-of.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { throughPort } from "../support/through-port.ts";
import { waitFor } from "../support/wait.ts";

const ids = createIdSource(systemClock);
let primary: PostgresServer;
let replica: PostgresServer;
let stack: Stack;
let queries: ProjectProcess;
let queriesPort: number;
let owner: Member;
let account: Account;
let memberRole: string;

beforeAll(async () => {
  primary = await startPostgres();
  replica = await startReplica(primary);
  stack = await startStack("distributed", {
    postgres: primary.adminUrl,
    settings: {
      RATE_LIMIT_POINTS: "1000000",
      // Reads are to reach the subgraph, again and again.
      ENTITY_CACHE_MB: "0",
      RESPONSE_CACHE_MB: "0",
      SERVICE_LEASE_MS: "6000",
    },
  });
  queries = await startQueries();
  owner = await newMember(stack);
  account = await newOrganization(owner);
  const { organization } = await owner.client.request<{ organization: { roles: { id: string; name: string }[] } }>(
    "query($id: ID!) { organization(id: $id) { roles { id name } } }",
    { id: account.organizationId },
  );
  memberRole = organization.roles.find(({ name }) => name === "MEMBER")?.id ?? "";
});
afterAll(async () => {
  await queries?.stop();
  await stack?.stop();
  await replica?.stop();
  await primary?.stop();
});
// Nobody has written lately.
beforeEach(() => untilReplicaIsRead());

async function startQueries(): Promise<ProjectProcess> {
  queriesPort = await freePort();
  return stack.startAnother("user", {
    USER_SERVES: "queries",
    USER_REPLICA_DATABASE_URL: throughPort(stack.operator["USER_DATABASE_URL"] ?? "", replica.port),
    USER_PORT: String(queriesPort),
  });
}

/** A list that no cache holds. */
async function invited(client = owner.client): Promise<readonly string[]> {
  const { organization } = await client.request<{
    organization: { invitations: { edges: { node: { email: string } }[] } };
  }>("query($id: ID!) { organization(id: $id) { invitations(first: 100) { edges { node { email } } } } }", {
    id: account.organizationId,
  });
  return organization.invitations.edges.map(({ node }) => node.email);
}

async function invite(): Promise<string> {
  const email = `guest.${randomUUID().slice(0, 8)}@example.com`;
  const input = { organizationId: account.organizationId, email, roleIds: [memberRole], idempotencyKey: randomUUID() };
  await owner.client.mutate("invitationCreate", input, "invitation { id }");
  return email;
}

/** A change that nobody tells of: who sees it reads the primary. */
async function inviteUnheard(): Promise<string> {
  const email = `unheard.${randomUUID().slice(0, 8)}@example.com`;
  await rowsOf(
    stack,
    "user",
    `INSERT INTO invitation (id, organization_id, email, role_ids, invited_by_id, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, now(), now() + interval '1 day')`,
    [ids.next("ivt"), account.organizationId, email, [memberRole], owner.userId],
  );
  return email;
}

function onReplica<Row extends QueryResultRow>(sql: string): Promise<Row[]> {
  const databaseOf = (subgraph: string) => throughPort(stack.databaseOf(subgraph), replica.port);
  return rowsOf<Row>({ databaseOf }, "user", sql);
}

const pause = () => onReplica("SELECT pg_wal_replay_pause()");
const resume = () => onReplica("SELECT pg_wal_replay_resume()");

/** Until a read of the owner goes to the replica: its count of such reads has risen. */
async function untilReplicaIsRead(): Promise<void> {
  const read = async () => {
    const before = await readsOf("replica");
    await invited();
    return (await readsOf("replica")) > before;
  };
  await waitFor(read, { what: "a read from the replica", intervalMs: 100 });
}

async function readsOf(server: "primary" | "replica"): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${queriesPort}/metrics`)).text();
  const found = [...page.matchAll(/^tributary_query_reads_total\{server="(\w+)"\} (\d+)$/gm)];
  return Number(found.find(([, counted]) => counted === server)?.[2]);
}

/** A connection counts what it did up to ten seconds later, or when it ends. */
const untilCounted = () => cutConnections(stack, "user", "all");

const SCANS = `SELECT coalesce(sum(seq_scan + idx_scan), 0)::int AS scans FROM pg_stat_user_tables WHERE relname = 'invitation'`;
const scansOnReplica = async () => (await onReplica<{ scans: number }>(SCANS))[0]?.scans ?? Number.NaN;
const scansOnPrimary = async () => (await rowsOf<{ scans: number }>(stack, "user", SCANS))[0]?.scans ?? Number.NaN;

test("queries are counted by the replica, and not by the primary [S86]", async () => {
  const measured = async () => {
    await untilCounted();
    await untilReplicaIsRead();
    const before = { replica: await scansOnReplica(), primary: await scansOnPrimary(), left: await readsOf("primary") };
    for (let count = 0; count < 30; count += 1) await invited();
    // A machine that stood still for a second took the replica for late, and says so.
    if ((await readsOf("primary")) > before.left) return undefined;
    await waitFor(async () => (await scansOnReplica()) >= before.replica + 30, { what: "the replica to have counted" });
    await untilCounted();
    return { onPrimary: (await scansOnPrimary()) - before.primary };
  };
  const scans = await waitFor(measured, { what: "a replica that is fresh for a second", deadlineMs: 60_000 });
  expect(scans.onPrimary).toBe(0);
});

test("who has written reads it at once, though the replica does not have it [S86]", async () => {
  await pause();
  try {
    const email = await invite();
    expect(await invited()).toContain(email);
  } finally {
    await resume();
  }
});

test("a session that has just begun is there, though the replica does not have it [S86]", async () => {
  await pause();
  try {
    const { client, sessionId } = await signIn(stack, owner);
    const { viewer } = await client.request<{ viewer: { sessions: { edges: { node: { id: string } }[] } } }>(
      "{ viewer { sessions(first: 50) { edges { node { id } } } } }",
    );
    expect(viewer.sessions.edges.map(({ node }) => node.id)).toContain(sessionId);
  } finally {
    await resume();
  }
});

test("a replica that is behind answers for a second at most, and again when it has caught up [S86]", async () => {
  await pause();
  try {
    const email = await inviteUnheard();
    // It is read from the replica, which lacks it; then the replica is left out.
    expect(await invited()).not.toContain(email);
    await waitFor(async () => (await invited()).includes(email), { what: "the primary to be asked", intervalMs: 50 });
  } finally {
    await resume();
  }
  await untilReplicaIsRead();
});

test("reads go on while the replica is away, and while the process for queries is [S86]", async () => {
  const failures: string[] = [];
  let reads = 0;
  let over = false;
  const reading = (async () => {
    while (!over) {
      await invited().catch((error: unknown) => failures.push(String(error)));
      reads += 1;
    }
  })();
  try {
    await replica.stop();
    const email = await inviteUnheard();
    await waitFor(async () => (await invited()).includes(email), { what: "the primary to be asked" });
    await queries.kill("SIGKILL");
    const enough = reads + 50;
    await waitFor(() => reads > enough, { what: "reads without a process for queries" });
  } finally {
    over = true;
    await reading;
  }
  expect(failures).toEqual([]);
});
