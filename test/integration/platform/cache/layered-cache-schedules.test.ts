// Random schedules of reads, writes, evictions, crashes and partitions over two processes and one Redis, against what
// each may still serve.
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CachePart } from "../../../../platform/cache/create-cache.ts";
import { SHRINK_SCHEDULES } from "../../../support/random-of-test.ts";
import { redisOfFile } from "../../../support/services/redis-of-file.ts";
import { waitFor } from "../../../support/wait.ts";
import { sizeOf } from "../../../tiers.ts";
import { healthy, openCache, openPath } from "./open-cache.ts";

/** How far behind another process's writes a read may be, and what a busy machine adds to a second, in milliseconds. */
const BOUND_MS = 1_000;
const SLACK_MS = 100;
const RUNS = sizeOf("cacheSchedules");

type Step =
  | {
      readonly kind: "read" | "write" | "crash";
      readonly process: number;
      readonly tenant: number;
      readonly slow: number;
    }
  | { readonly kind: "cut"; readonly process: number; readonly mode: "refuse" | "black-hole" | "half-open" | "pass" }
  | { readonly kind: "pass time"; readonly ms: number };

const process = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom("read" as const, "read" as const, "read" as const, "write" as const),
      process,
      tenant: fc.nat(1),
      slow: fc.constantFrom(0, 0, 5, 60),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("crash" as const), process, tenant: fc.nat(1), slow: fc.constant(0) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("cut" as const),
      process,
      mode: fc.constantFrom("pass" as const, "refuse" as const, "black-hole" as const, "half-open" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass time" as const), ms: fc.constantFrom(10, 100, 400) }) },
);

/**
 * How each schedule ends: what both processes hold in memory is replaced by one of them while one of them is cut off.
 */
const ending = fc.record({
  cut: process,
  mode: fc.constantFrom("pass" as const, "refuse" as const, "black-hole" as const, "half-open" as const),
  writer: process,
});
type Ending = typeof ending extends fc.Arbitrary<infer Value> ? Value : never;

interface Write {
  readonly process: number;
  readonly row: number;
  /** When the eviction had been done, as far as the writer could do it. */
  readonly at: number;
}

const redis = redisOfFile();

async function follow(schedule: readonly Step[], end: Ending, versioned: boolean): Promise<void> {
  const namespace = randomUUID();
  const paths = [await openPath(redis), await openPath(redis)] as const;
  const open = (at: number) => openCache({ namespace, redisUrl: paths[at === 0 ? 0 : 1].url, timeoutMs: 100 });
  const parts: CachePart[] = [await open(0), await open(1)];
  const cut = [false, false];
  const rows = [1, 1];
  const writes: Write[][] = [[], []];
  const running: Promise<void>[] = [];
  const cacheOf = (at: number) => parts[at]?.cache ?? expect.fail("no such process");

  async function read(at: number, tenant: number, slow: number): Promise<void> {
    const since = performance.now();
    // What this process did itself counts at once, what the other did after a while.
    const due = (writes[tenant] ?? []).filter(
      (write) => write.process === at || write.at < since - BOUND_MS - SLACK_MS,
    );
    const newest = Math.max(1, ...due.map(({ row }) => row));
    const options = {
      ttlMs: 60_000,
      tags: [`tenant:${tenant}`],
      ...(versioned ? { versionOf: (value: { row: number }) => value.row } : {}),
    };
    const seen = await cacheOf(at).getOrLoad(`tenant:${tenant}:row`, options, async () => {
      const row = rows[tenant] ?? 0;
      if (slow > 0) await new Promise((resolve) => setTimeout(resolve, slow));
      return { tenant, row };
    });
    expect(seen.tenant).toBe(tenant);
    expect(seen.row, `process ${at} of tenant ${tenant}`).toBeGreaterThanOrEqual(newest);
  }

  const evict = (at: number, tenant: number, row: number) =>
    versioned
      ? cacheOf(at).delete(`tenant:${tenant}:row`, { version: row })
      : cacheOf(at).invalidateTags([`tenant:${tenant}`]);

  async function write(at: number, tenant: number): Promise<void> {
    const row = (rows[tenant] ?? 0) + 1;
    rows[tenant] = row;
    const reached = !cut[at];
    await evict(at, tenant, row);
    writes[tenant]?.push({ process: at, row, at: performance.now() });
    // Who cannot reach Redis is heard of by the event that stands in the same transaction as the row.
    if (reached && !cut[at]) return;
    await evict(1 - at, tenant, row);
    writes[tenant]?.push({ process: 1 - at, row, at: performance.now() });
  }

  async function passTime(ms: number): Promise<void> {
    const until = performance.now() + ms;
    await waitFor(() => performance.now() >= until, { what: "time to pass", intervalMs: 5 });
  }

  async function readAll(): Promise<void> {
    await Promise.all([0, 1].flatMap((at) => [0, 1].map((tenant) => read(at, tenant, 0))));
  }

  for (const one of schedule) {
    if (one.kind === "read") running.push(read(one.process, one.tenant, one.slow));
    else if (one.kind === "write") await write(one.process, one.tenant);
    else if (one.kind === "cut") {
      cut[one.process] = one.mode !== "pass";
      await paths[one.process === 0 ? 0 : 1].proxy.mode(one.mode);
    } else if (one.kind === "pass time") await passTime(one.ms);
    else if (!cut.includes(true)) {
      // Only what is in memory is lost: what it had not brought to Redis is told by events, which a start does not read
      // again.
      await Promise.all(running);
      await parts[one.process]?.stop();
      parts[one.process] = await open(one.process);
    }
  }
  await Promise.all(running);
  const heal = async () => {
    cut.fill(false);
    for (const { proxy } of paths) await proxy.mode("pass");
    for (const part of parts) await healthy(part);
    await readAll();
  };
  await heal();
  cut[end.cut] = end.mode !== "pass";
  await paths[end.cut === 0 ? 0 : 1].proxy.mode(end.mode);
  for (const tenant of [0, 1]) await write(end.writer, tenant);
  await passTime(BOUND_MS + 2 * SLACK_MS);
  await readAll();
  await heal();
  for (const part of parts) await part.stop();
}

test.each([
  ["by version", true],
  ["by tag", false],
] as const)(
  "evicting %s, no schedule makes a process serve what it has replaced itself, what another replaced more than a second ago, or another tenant's row [CA-02, CA-07]",
  async (_how, versioned) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), ending, (schedule, end) => follow(schedule, end, versioned)),
      { numRuns: RUNS, endOnFailure: !SHRINK_SCHEDULES },
    );
  },
  60_000 + RUNS * 10_000,
);
