// OP-04 in ten minutes: mixed traffic and sockets that come and go, on four processes. Nothing fails or is lost, memory
// and connections do not grow, and no log holds a secret.
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { subgraphDatabases } from "../../prisma/subgraph-databases.ts";
import { type MixedWorld, runMixedLoad } from "../load/mixed-load.ts";
import { createLiveClient } from "../support/client/live-client.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

/** With what goes before it, less than an access token lives. */
const SECONDS = 600;
const PER_SECOND = 20;
const CHURN_MS = 200;
const SAMPLE_MS = 5_000;
/** Collections come and go; a leak of one kilobyte per request would add a tenth to the smallest process. */
const GROWTH = 1.1;
/** A pool closes what it has not used for half a minute; single connections come and go at any time. */
const MORE_FILES = 10;
const PROCESSES: readonly string[] = ["gateway", ...subgraphDatabases()];
const FOLLOW = "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence eventId } }";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack("distributed", { settings: { RATE_LIMIT_POINTS: "1000000" } });
});
afterAll(() => stack?.stop());

const pidOf = (name: string): number => stack.processOf(name).current().pid;

async function residentMb(name: string): Promise<number> {
  const status = await readFile(`/proc/${pidOf(name)}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024;
}

const openFiles = async (name: string): Promise<number> => (await readdir(`/proc/${pidOf(name)}/fd`)).length;

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

/** Work that repeats until it is stopped. */
function keep(everyMs: number, work: () => Promise<void>): { stop(): Promise<void> } {
  const stopped = Promise.withResolvers<void>();
  let over = false;
  const running = (async () => {
    while (!over) {
      await work();
      await Promise.race([stopped.promise, new Promise((resolve) => setTimeout(resolve, everyMs))]);
    }
  })();
  return {
    async stop() {
      over = true;
      stopped.resolve();
      await running;
    },
  };
}

test(`${SECONDS} s of mixed traffic lose nothing, leave memory and connections as they were, and write no secret into a log [OP-04]`, {
  timeout: 2 * SECONDS * 1_000,
}, async () => {
  const resident = new Map<string, number[]>(PROCESSES.map((name) => [name, []]));
  const filesBefore = new Map<string, number>();
  const secrets: string[] = [];
  const background: { stop(): Promise<void> }[] = [];
  let churned = 0;

  async function begin({ population: { tenants } }: MixedWorld): Promise<void> {
    for (const { member } of tenants) secrets.push(member.accessToken, member.password);
    for (const name of PROCESSES) filesBefore.set(name, await openFiles(name));
    background.push(
      keep(SAMPLE_MS, async () => {
        for (const name of PROCESSES) resident.get(name)?.push(await residentMb(name));
      }),
      keep(CHURN_MS, async () => {
        const tenant = tenants[churned % tenants.length];
        if (tenant === undefined) return;
        const live = createLiveClient({ url: stack.socketUrl, token: tenant.member.accessToken });
        const stream = await live.subscribe(FOLLOW, { org: tenant.organizationId });
        // Half of them take leave, half are cut.
        if (churned % 2 === 0) stream.stop();
        else live.drop();
        await live.close();
        churned += 1;
      }),
    );
  }
  const end = async () => void (await Promise.all(background.map((one) => one.stop())));

  const { log, delivery } = await runMixedLoad({
    platform: stack,
    socketUrl: stack.socketUrl,
    tenants: 10,
    freshEach: 0,
    subscribers: 20,
    warmUp: { perSecond: PER_SECOND, seconds: 60 },
    rate: { perSecond: PER_SECOND, seconds: SECONDS },
    begin,
    end,
  });

  expect(log.samples).toEqual([]);
  expect(log.reads.count + log.writes.count).toBeGreaterThan((PER_SECOND * SECONDS) / 2);
  expect(delivery.problems).toEqual([]);
  expect([delivery.expected - delivery.delivered, delivery.repeated, delivery.outOfOrder]).toEqual([0, 0, 0]);
  expect(churned).toBeGreaterThan(SECONDS / 2);

  const growth = [...resident].map(([name, samples]) => {
    const third = Math.floor(samples.length / 3);
    return { name, middle: median(samples.slice(third, 2 * third)), last: median(samples.slice(2 * third)) };
  });
  console.info("resident MB, middle and last third:", growth);
  expect(growth.filter(({ middle, last }) => last > middle * GROWTH)).toEqual([]);
  for (const name of PROCESSES) {
    await waitFor(async () => (await openFiles(name)) <= (filesBefore.get(name) ?? 0) + MORE_FILES, {
      what: `${name}'s connections to go`,
      deadlineMs: 120_000,
      intervalMs: 1_000,
    });
    const text = await stack.processOf(name).current().output();
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    expect(text).not.toMatch(/unhandled|"level":60/i);
  }
});
