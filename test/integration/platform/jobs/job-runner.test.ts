// Runs of jobs over Postgres, with several instances: listed once, worked on by all, taken up after a crash where it
// happened, and told of once.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { Job, JobItem } from "../../../../platform/jobs/job.ts";
import { claimChunk, renewLease } from "../../../../platform/jobs/job-store.ts";
import { waitFor } from "../../../support/wait.ts";
import { createJobFixture, itemsOf, type JobFixture, type RunRow } from "./job-fixture.ts";

const HOUR_MS = 3_600_000;

let fixture: JobFixture;

beforeAll(async () => {
  fixture = await createJobFixture();
});
afterEach(() => fixture.stopInstances());
afterAll(() => fixture?.stop());

/** Work that is due until it was carried out, and how often each item was. */
function jobOf(items: readonly JobItem[], change: Partial<Job> = {}) {
  const name = `test-${randomUUID().slice(0, 8)}`;
  const carriedOut = new Map<string, number>();
  const listed: number[] = [];
  const job: Job = {
    name,
    schedule: { everyMs: 50 },
    async list({ except, limit }) {
      const due = items.filter(({ id }) => !carriedOut.has(id) && !except.includes(id)).slice(0, limit);
      listed.push(due.length);
      return due;
    },
    async carryOut({ id }) {
      carriedOut.set(id, (carriedOut.get(id) ?? 0) + 1);
    },
    ...change,
  };
  return { job, name, carriedOut, listed };
}

function ended(name: string, count = 1): Promise<RunRow[]> {
  return waitFor(
    async () => {
      const runs = await fixture.runsOf(name);
      return runs.length >= count && runs.every(({ status }) => status !== "RUNNING") && runs;
    },
    { what: "the end of the run" },
  );
}

const typesOf = async (name: string) =>
  (await fixture.eventsOf(name)).map(({ type }) => type.replace(/^billing\.job\.|\.v1$/g, ""));

test("two instances share the chunks of one run, each item is carried out once, and the end is told once [S110]", async () => {
  const items = itemsOf(235);
  const { job, name, carriedOut } = jobOf(items);
  const instances = [new Set<string>(), new Set<string>()];
  for (const done of instances) {
    const carryOut = async (item: JobItem) => {
      await new Promise(setImmediate);
      done.add(item.id);
      await job.carryOut(item);
    };
    await fixture.startRunner([{ ...job, carryOut }]);
  }
  const runs = await ended(name);
  expect(runs).toMatchObject([{ status: "COMPLETED", chunks_total: 24, chunks_done: 24, items_done: 235 }]);
  expect([...carriedOut.values()].filter((times) => times !== 1)).toEqual([]);
  expect(carriedOut.size).toBe(235);
  expect(instances.map(({ size }) => size > 0)).toEqual([true, true]);
  const types = await typesOf(name);
  expect([types.at(0), types.at(-1), types.length]).toEqual(["started", "finished", 25]);
  const events = await fixture.eventsOf(name);
  expect(events.map(({ data }) => data["chunksDone"])).toEqual(Array.from({ length: 25 }, (_, n) => n));
  expect(new Set(events.map(({ partitionkey }) => partitionkey))).toEqual(new Set([PLATFORM]));
  expect(events.filter(({ orgid }) => orgid !== undefined)).toEqual([]);
});

test("progress is told once a second at most [S110]", async () => {
  const { job, name } = jobOf(itemsOf(100));
  await fixture.startRunner([job], { tellMs: HOUR_MS });
  await ended(name);
  expect(await typesOf(name)).toEqual(["started", "finished"]);
});

test("a chunk whose worker dies between effect and record is taken up behind its lease, where it was noted last [S110]", async () => {
  const items = itemsOf(20);
  const { job, name, carriedOut } = jobOf(items, { schedule: { everyMs: HOUR_MS } });
  const planner = await fixture.startRunner([job], { chunksAtOnce: 0 });
  await waitFor(async () => (await fixture.runsOf(name)).length === 1, { what: "the run" });
  await planner.stop?.();
  // Another instance takes the first chunk, does five of its items, notes three of them, and dies.
  const database = fixture.connect();
  const claim = { jobs: [name], lease: randomUUID(), leaseMs: 500 };
  const chunk = await inTenants(database, [PLATFORM], (tx) => claimChunk(tx, claim));
  if (chunk === undefined) throw new Error("there is a chunk");
  for (const item of chunk.items.slice(0, 5)) await job.carryOut(item);
  await inTenants(database, [PLATFORM], (tx) => renewLease(tx, chunk, chunk.items.slice(3), 500));

  await fixture.startRunner([job]);
  expect(await ended(name)).toMatchObject([{ status: "COMPLETED", chunks_done: 2, items_done: 20 }]);
  const times = chunk.items.map(({ id }) => carriedOut.get(id));
  // What was done and not noted comes again; what was noted does not.
  expect(times).toEqual([1, 1, 1, 2, 2, 1, 1, 1, 1, 1]);
  expect((await typesOf(name)).filter((type) => type === "finished")).toHaveLength(1);
  // Whoever comes back late may write nothing any more.
  expect(await inTenants(database, [PLATFORM], (tx) => renewLease(tx, chunk, chunk.items, 500))).toBe(false);
});

test("an item that fails stops no other, is tried again, and at last is told with its reason [S110]", async () => {
  const items = itemsOf(25);
  const [poisoned, shy] = [items[3]?.id ?? "", items[12]?.id ?? ""];
  const tries = new Map<string, number>();
  const { job, name, carriedOut, listed } = jobOf(items);
  const carryOut = async (item: JobItem) => {
    tries.set(item.id, (tries.get(item.id) ?? 0) + 1);
    if (item.id === poisoned) throw new AppError("STATE_INVALID", "It has no price.");
    if (item.id === shy && tries.get(shy) === 1) throw new TypeError("details that nobody should read");
    await job.carryOut(item);
  };
  await fixture.startRunner([{ ...job, carryOut }]);
  const runs = await ended(name);
  expect(runs).toMatchObject([{ status: "FAILED", chunks_done: 2, chunks_failed: 1, items_done: 24, items_failed: 1 }]);
  expect(carriedOut.size).toBe(24);
  expect([tries.get(poisoned), tries.get(shy)]).toEqual([3, 2]);
  // Nothing else of the chunk was asked for again.
  expect([...tries.values()].filter((count) => count > 1)).toHaveLength(2);
  const { data } = (await fixture.eventsOf(name)).at(-1) ?? {};
  expect(data).toMatchObject({
    status: "FAILED",
    durationMs: expect.any(Number),
    failures: [{ item: poisoned, reason: "It has no price." }],
  });
  // It is still due, and left out for a while: nobody begins a run for it alone, moment after moment.
  const looks = listed.length;
  await waitFor(() => listed.length > looks + 3, { what: "further moments" });
  expect(await fixture.runsOf(name)).toHaveLength(1);
});

test("what was given up is listed again after a while [S110]", async () => {
  const items = itemsOf(3);
  const { job, name } = jobOf(items, { carryOut: () => Promise.reject(new Error("no")) });
  const runner = await fixture.startRunner([job], { setAsideMs: 100, retry: { attempts: 1, baseMs: 1, capMs: 1 } });
  await ended(name, 2);
  await runner.stop?.();
  expect((await fixture.eventsOf(name)).find(({ type }) => type === "billing.job.finished.v1")?.data).toMatchObject({
    itemsFailed: 3,
    failures: items.map(({ id }) => ({ item: id, reason: "It failed (Error); the log has the details." })),
  });
});

test("one moment of the schedule is one run, however many instances there are [S110]", async () => {
  const items = itemsOf(30);
  // Due for ever.
  const { job, name } = jobOf(items, {
    schedule: { cron: "0 0 1 1 *" },
    list: async ({ limit }) => items.slice(0, limit),
  });
  await Promise.all(Array.from({ length: 4 }, () => fixture.startRunner([job])));
  await ended(name);
  await waitFor(async () => (await typesOf(name)).includes("finished"), { what: "the end" });
  expect(await fixture.runsOf(name)).toHaveLength(1);
});

test("a moment at which nothing is due writes nothing [S110]", async () => {
  const { job, name, listed } = jobOf([]);
  await fixture.startRunner([job]);
  await waitFor(() => listed.length > 5, { what: "several moments" });
  expect(await fixture.runsOf(name)).toEqual([]);
  expect(await fixture.eventsOf(name)).toEqual([]);
});

test("what becomes due while items are tried again does not wait for them [S110]", async () => {
  const [stuck, fresh] = [itemsOf(1), itemsOf(1)];
  let due: readonly JobItem[] = stuck;
  const { job, name, carriedOut } = jobOf([]);
  const carryOut = (item: JobItem) => (item.id === stuck[0]?.id ? Promise.reject(new Error("no")) : job.carryOut(item));
  const list: Job["list"] = async ({ except }) => due.filter(({ id }) => !except.includes(id) && !carriedOut.has(id));
  await fixture.startRunner([{ ...job, list, carryOut }], { retry: { attempts: 1_000, baseMs: 200, capMs: 200 } });
  await waitFor(async () => (await fixture.runsOf(name)).length === 1, { what: "the first run" });
  const failing = "SELECT 1 FROM job_chunk WHERE job = $1 AND failed_attempts > 0";
  await waitFor(async () => (await fixture.admin.query(failing, [name])).rows.length > 0, { what: "a failure" });
  due = [...stuck, ...fresh];
  await waitFor(() => carriedOut.has(fresh[0]?.id ?? ""), { what: "the new item" });
  await waitFor(async () => (await fixture.runsOf(name)).map(({ status }) => status).join() === "RUNNING,COMPLETED", {
    what: "the second run to end before the first",
  });
});

test("what is left of a chunk is noted while it is worked on [S110]", async () => {
  const items = itemsOf(10);
  const { job, name } = jobOf(items);
  const gate = Promise.withResolvers<void>();
  const carryOut = async (item: JobItem) => {
    if (item.id === items[2]?.id) await gate.promise;
    await job.carryOut(item);
  };
  await fixture.startRunner([{ ...job, carryOut }]);
  const noted = "SELECT items -> 0 ->> 'id' AS id, jsonb_array_length(items) AS left FROM job_chunk WHERE job = $1";
  const rest = async () => (await fixture.admin.query(noted, [name])).rows.at(0);
  const last = await waitFor(
    async () => {
      const row = await rest();
      return row?.left === 1 && row;
    },
    { what: "the note" },
  );
  expect(last.id).toBe(items[2]?.id);
  gate.resolve();
  expect(await ended(name)).toMatchObject([{ status: "COMPLETED", items_done: 10 }]);
});

test("an instance that stops gives the rest of its chunk back, and that counts for nothing [S110]", async () => {
  const items = itemsOf(10);
  const { job, name, carriedOut } = jobOf(items);
  const gate = Promise.withResolvers<void>();
  const slow = async (item: JobItem) => {
    await gate.promise;
    await job.carryOut(item);
  };
  const runner = await fixture.startRunner([{ ...job, carryOut: slow }], { leaseMs: HOUR_MS });
  const taken = "SELECT 1 FROM job_chunk WHERE job = $1 AND state = 'RUNNING'";
  await waitFor(async () => (await fixture.admin.query(taken, [name])).rows.length > 0, {
    what: "the chunk to be taken",
  });
  runner.leave?.();
  gate.resolve();
  await runner.stop?.();
  // Those that were under way.
  expect(carriedOut.size).toBe(4);
  const { rows } = await fixture.admin.query(
    "SELECT state, attempts, failed_attempts, jsonb_array_length(items) AS left FROM job_chunk WHERE job = $1",
    [name],
  );
  expect(rows).toEqual([{ state: "WAITING", attempts: 0, failed_attempts: 0, left: 6 }]);
  await fixture.startRunner([job]);
  expect(await ended(name)).toMatchObject([{ status: "COMPLETED", items_done: 10 }]);
  expect([...carriedOut.values()].every((times) => times === 1)).toBe(true);
});

test("a chunk that ends each process which works on it is given up [S110]", async () => {
  const { job, name, carriedOut } = jobOf(itemsOf(5), { schedule: { everyMs: HOUR_MS } });
  const planner = await fixture.startRunner([job], { chunksAtOnce: 0 });
  await waitFor(async () => (await fixture.runsOf(name)).length === 1, { what: "the run" });
  await planner.stop?.();
  await fixture.admin.query("UPDATE job_chunk SET attempts = 20 WHERE job = $1", [name]);
  await fixture.startRunner([job]);
  expect(await ended(name)).toMatchObject([{ status: "FAILED", items_failed: 5 }]);
  expect(carriedOut.size).toBe(0);
});

test("runs that ended long ago are removed with the next one [S110]", async () => {
  const items = itemsOf(2);
  let due = items.slice(0, 1);
  const { job, name, carriedOut } = jobOf(items);
  const list: Job["list"] = async ({ except }) => due.filter(({ id }) => !carriedOut.has(id) && !except.includes(id));
  await fixture.startRunner([{ ...job, list }], { keepMs: 0 });
  const [first] = await ended(name);
  due = items;
  const [second, ...others] = await waitFor(
    async () => {
      const runs = await ended(name);
      return runs.at(-1)?.id !== first?.id && runs;
    },
    { what: "the second run" },
  );
  expect([second?.items_done, others]).toEqual([1, []]);
});

test("no organisation's transaction sees a run or a chunk [S110]", async () => {
  const items = itemsOf(1);
  const { job, name } = jobOf(items);
  await fixture.startRunner([job]);
  await ended(name);
  const seen = (tenant: JobItem["tenantId"]) =>
    inTenants(fixture.connect(), [tenant], (tx) =>
      tx.$queryRawUnsafe(
        "SELECT 1 AS seen FROM job_run WHERE job = $1 UNION ALL SELECT 1 FROM job_chunk WHERE job = $1",
        name,
      ),
    );
  expect(await seen(items[0]?.tenantId ?? PLATFORM)).toEqual([]);
  expect(await seen(PLATFORM)).toEqual([{ seen: 1 }, { seen: 1 }]);
});
