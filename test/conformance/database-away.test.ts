// OP-03: Postgres is restarted under load, then away for a while. Distributed, over a server of the test's own.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { subgraphDatabases } from "../../prisma/subgraph-databases.ts";
import { createGraphQLClient } from "../support/client/graphql-client.ts";
import { SERVICE_VARIABLES } from "../support/services/plan.ts";
import { type PostgresServer, startPostgres } from "../support/services/postgres.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { sizeOf } from "../tiers.ts";

/** The short one outlasts all retries that are not meant to go on for ever. */
const OUTAGE_MS = sizeOf("databaseOutageMs");
const CALLERS = 4;
const ERROR_WINDOW_MS = 10_000;
const RETURN_MS = 30_000;
const POOL_SHRINKS_MS = 90_000;
const SUBGRAPHS = subgraphDatabases();

let dataDir: string;
let postgres: PostgresServer;
let stack: Stack;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tributary-database-away-"));
  postgres = await startPostgres({ dataDir });
  vi.stubEnv(SERVICE_VARIABLES.postgres, postgres.adminUrl);
  stack = await startStack("distributed");
});

afterAll(async () => {
  await stack?.stop();
  await postgres?.stop();
  await rm(dataDir, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

interface Call {
  readonly endedAt: number;
  readonly failed: boolean;
}

/** A write of its own: no cache answers it, and nobody is limited. */
async function call(): Promise<boolean> {
  const input = { email: `load.${randomUUID()}@example.com`, password: "correct horse battery", displayName: "Load" };
  const { errors, data } = await createGraphQLClient(`${stack.url}/graphql`).send<{
    userRegister: { accepted: boolean; userErrors: unknown[] };
  }>("mutation ($input: UserRegisterInput!) { userRegister(input: $input) { accepted userErrors { code } } }", {
    input,
  });
  return errors === undefined && data?.userRegister.accepted === true;
}

/** Calls until it is told to stop; every one ends, well or not. */
function load(): { readonly calls: Call[]; stop(): Promise<void> } {
  const calls: Call[] = [];
  let over = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!over) {
      const failed = !(await call().catch(() => false));
      calls.push({ endedAt: performance.now(), failed });
    }
  });
  return {
    calls,
    async stop() {
      over = true;
      await Promise.all(callers);
    },
  };
}

async function startAgain(): Promise<void> {
  postgres = await startPostgres({ dataDir, port: postgres.port });
}

const statusOf = async (url: string, path: string) =>
  (await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) })).status;

/** Connections of the subgraphs, per database. */
async function connections(): Promise<Map<string, number>> {
  const client = new Client({ connectionString: postgres.adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string; count: number }>(
      "SELECT datname, count(*)::int AS count FROM pg_stat_activity WHERE datname LIKE 'stack\\_%' GROUP BY datname",
    );
    return new Map(rows.map(({ datname, count }) => [datname, count]));
  } finally {
    await client.end();
  }
}

test("a restart of Postgres under load is over within 10 s of its return, and an outage costs no process; pools come back to their size [OP-03]", {
  timeout: 240_000 + OUTAGE_MS,
}, async () => {
  const pids = SUBGRAPHS.map((name) => stack.processOf(name).current().pid);
  const before = await connections();
  expect(before.size).toBe(3);
  const running = load();
  await waitFor(() => running.calls.filter(({ failed }) => !failed).length >= 20, { what: "load", deadlineMs: 30_000 });

  await postgres.stop();
  await startAgain();
  // How long the server itself takes to restart is not the platform's.
  const restartedAt = performance.now();
  const lastFailure = () =>
    Math.max(restartedAt, ...running.calls.filter(({ failed }) => failed).map((c) => c.endedAt));
  await waitFor(() => running.calls.filter(({ failed, endedAt }) => !failed && endedAt > lastFailure()).length >= 20, {
    what: "calls that succeed again",
    deadlineMs: RETURN_MS,
  });
  expect(lastFailure() - restartedAt).toBeLessThan(ERROR_WINDOW_MS);

  await postgres.stop();
  const awayUntil = performance.now() + OUTAGE_MS;
  for (const name of SUBGRAPHS) {
    await waitFor(async () => (await statusOf(stack.processOf(name).url, "/ready")) === 503, {
      what: `${name} to say that it is not ready`,
    });
  }
  do {
    for (const name of [...SUBGRAPHS, "gateway"]) {
      expect(await statusOf(stack.processOf(name).url, "/live"), name).toBe(200);
      if (name !== "gateway") expect(await statusOf(stack.processOf(name).url, "/ready"), name).toBe(503);
    }
  } while (performance.now() < awayUntil);
  await startAgain();
  const backAt = performance.now();
  for (const name of SUBGRAPHS) {
    await waitFor(async () => (await statusOf(stack.processOf(name).url, "/ready")) === 200, {
      what: `${name} to be ready again`,
      deadlineMs: RETURN_MS,
    });
  }
  await waitFor(() => running.calls.filter(({ failed, endedAt }) => !failed && endedAt > backAt).length >= 20, {
    what: "calls that succeed after the outage",
    deadlineMs: RETURN_MS,
  });
  await running.stop();
  // A pool closes what it has not used for 30 s. But for a relay between two reconnects there are then no more than
  // before the load.
  const back = async () => {
    const after = await connections();
    const grown = [...before].filter(([database, count]) => (after.get(database) ?? 0) > count + 2);
    if (grown.length > 0) throw new Error(`before ${JSON.stringify(grown)}, now ${JSON.stringify([...after])}`);
    return true;
  };
  await waitFor(back, { what: "pools of their former size", deadlineMs: POOL_SHRINKS_MS, intervalMs: 500 });
  expect(await call()).toBe(true);
  expect(SUBGRAPHS.map((name) => stack.processOf(name).current().pid)).toEqual(pids);
  expect(SUBGRAPHS.map((name) => stack.processOf(name).current().running)).toEqual(SUBGRAPHS.map(() => true));
  expect([...(await connections()).keys()].sort()).toEqual([...before.keys()].sort());
});
