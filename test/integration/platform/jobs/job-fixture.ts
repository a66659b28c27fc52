// A database with tables for jobs, and instances that run jobs over it, each with connections of its own.
import { randomBytes } from "node:crypto";
import { Pool } from "pg";
import { pino } from "pino";
import { systemClock } from "../../../../platform/clock.ts";
import { loadEventContracts } from "../../../../platform/events/contracts.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import { createOutbox } from "../../../../platform/events/outbox.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import type { Job, JobItem } from "../../../../platform/jobs/job.ts";
import type { JobPace } from "../../../../platform/jobs/job-pace.ts";
import { createJobRunner } from "../../../../platform/jobs/job-runner.ts";
import type { LifecyclePart } from "../../../../platform/lifecycle/lifecycle.ts";
import { databaseUrls, prepareDatabase } from "../../../../prisma/databases.ts";
import { jobFinished, jobProgressed, jobStarted } from "../../../../subgraphs/billing/domain-events.ts";
import { openBillingDatabase } from "../../../../subgraphs/billing/store/database.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";

/** Fast enough for a test, and slow enough for a busy machine to renew a lease. */
const PACE: Partial<JobPace> = {
  pollMs: 20,
  itemsPerChunk: 10,
  leaseMs: 2_000,
  tellMs: 0,
  retry: { attempts: 3, baseMs: 20, capMs: 50 },
};

const ids = createIdSource(systemClock);

export function itemsOf(count: number): JobItem[] {
  return Array.from({ length: count }, () => ({ id: ids.next("sub"), tenantId: ids.next("org") }));
}

export interface RunRow {
  readonly id: string;
  readonly status: string;
  readonly chunks_total: number;
  readonly chunks_done: number;
  readonly chunks_failed: number;
  readonly items_done: number;
  readonly items_failed: number;
}

export async function createJobFixture() {
  const adminUrl = serviceAddress("postgres");
  const name = `jobs_${randomBytes(5).toString("hex")}`;
  const urls = databaseUrls(adminUrl, "billing", "test-password", name);
  await prepareDatabase({ adminUrl, name: "billing", urls });
  const contracts = await loadEventContracts("schema/events");
  const address = new URL(adminUrl);
  address.pathname = `/${name}`;
  const admin = new Pool({ connectionString: address.href, max: 2 });
  admin.on("error", () => undefined);
  const running: LifecyclePart[] = [];
  const outbox = createOutbox({
    contracts,
    clock: systemClock,
    ids,
    source: "/tributary/billing",
    topic: "billing.events",
  });

  const fixture = {
    admin,
    /** Connections of one instance, and nothing that works. */
    connect() {
      const database = openBillingDatabase("jobs", urls.app, 6);
      running.push(database.part);
      return database;
    },
    async startRunner(jobs: readonly Job[], pace: Partial<JobPace> = {}): Promise<LifecyclePart> {
      const runner = createJobRunner({
        name: "jobs",
        jobs,
        events: { started: jobStarted, progressed: jobProgressed, finished: jobFinished },
        deps: { database: fixture.connect(), outbox },
        ids,
        logger: pino({ level: "silent" }),
        pace: { ...PACE, ...pace },
      });
      running.push(runner);
      await runner.start?.();
      return runner;
    },
    async runsOf(job: string): Promise<RunRow[]> {
      return (await admin.query("SELECT * FROM job_run WHERE job = $1 ORDER BY id", [job])).rows;
    },
    /** What was published of a job's runs, in order. */
    async eventsOf(job: string): Promise<EventEnvelope[]> {
      const { rows } = await admin.query("SELECT envelope FROM outbox WHERE tenant_id = 'platform' ORDER BY position");
      const events: EventEnvelope[] = rows.map(({ envelope }: { envelope: string }) => JSON.parse(envelope));
      return events.filter(({ data }) => data["job"] === job);
    },
    /** Ends every instance that runs. */
    async stopInstances(): Promise<void> {
      for (let part = running.pop(); part !== undefined; part = running.pop()) await part.stop?.();
    },
    async stop(): Promise<void> {
      await fixture.stopInstances();
      await admin.end();
      const server = new Pool({ connectionString: adminUrl, max: 1 });
      await server.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await server.end();
    },
  };
  return fixture;
}

export type JobFixture = Awaited<ReturnType<typeof createJobFixture>>;
