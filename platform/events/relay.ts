/**
 * Moves outbox rows to the event log, in order per key, at least once. One relay per database is active: it holds a
 * session advisory lock on its own connection; the others wait and take over when that connection dies.
 * LISTEN is a latency hint only; polling is what guarantees that no row stays behind.
 */
import type { Client } from "pg";
import type { Logger } from "pino";
import { z } from "zod";
import { backoffMs, type Sleep, systemSleep } from "./backoff.ts";
import type { EventLog, LogAppend } from "./event-log.ts";
import { createDedicatedConnection } from "./postgres/dedicated-connection.ts";

export interface RelayOptions {
  /** Address of the subgraph's database with its `_relay` role. */
  readonly databaseUrl: string;
  readonly log: EventLog;
  /** Created when it is missing. Rows go to the topic that they name. */
  readonly topic: string;
  readonly logger: Logger;
  /** Longest wait for a row whose notification was lost, in milliseconds. */
  readonly pollMs?: number;
  /** Rows per append. */
  readonly batch?: number;
  /** Sent rows are deleted after this long, in milliseconds. Default 24 h. */
  readonly keepSentMs?: number;
  /** Pause between two deletions of sent rows, in milliseconds. Default one minute. */
  readonly purgeEveryMs?: number;
  readonly onError?: (error: unknown) => void;
  /** Told of each batch when it was marked. */
  readonly onBatch?: (batch: RelayedBatch) => void;
  readonly sleep?: Sleep;
}

/** What a batch was and what its stages took, in milliseconds. */
export interface RelayedBatch {
  readonly rows: number;
  readonly claimMs: number;
  readonly appendMs: number;
  readonly markMs: number;
}

/** `ACTIVE` relays; `WAITING` for the lock, which another relay holds; `CONNECTING` while the database is away. */
export type RelayPhase = "STOPPED" | "CONNECTING" | "WAITING" | "ACTIVE";

export interface RelayHealth {
  readonly phase: RelayPhase;
  /** Failures in a row of the database or the log; 0 when the last round succeeded. */
  readonly failures: number;
  readonly lastError?: string;
}

export interface OutboxLag {
  readonly unsent: number;
  /** Age of the oldest unsent row, in milliseconds; 0 when there is none. */
  readonly oldestAgeMs: number;
}

export interface Relay {
  start(): void;
  /** Resolves when nothing is being appended any more. */
  stop(): Promise<void>;
  /** @throws when the database is away. */
  lag(): Promise<OutboxLag>;
  health(): RelayHealth;
}

/** Any fixed number: advisory locks are per database, and nothing else in a subgraph's database takes one. */
const LOCK_KEY = 7_241_801;
const RETRY = { baseMs: 100, capMs: 2_000 };
const PURGE_BATCH = 1_000;

// Qualified in ORDER BY: the bare name would mean the output column, which is text.
const CLAIM = `
  SELECT position::text, topic, tenant_id, envelope FROM outbox
  WHERE sent_at IS NULL ORDER BY outbox.position LIMIT $1`;
const claimed = z.array(
  z.object({ position: z.string(), topic: z.string(), tenant_id: z.string(), envelope: z.string() }),
);
type Row = z.infer<typeof claimed>[number];
const lagRows = z.array(z.object({ unsent: z.coerce.number(), age: z.coerce.number() }));

export function createRelay(options: RelayOptions): Relay {
  const { log, topic, pollMs = 250, batch = 500, keepSentMs = 24 * 3_600_000, purgeEveryMs = 60_000 } = options;
  const sleep = options.sleep ?? systemSleep;
  const logger = options.logger.child({ component: "relay", topic });
  let phase: RelayPhase = "STOPPED";
  let failures = 0;
  let lastError: string | undefined;
  let notified = false;
  let wake: (() => void) | undefined;
  let running: { readonly abort: AbortController; done: Promise<void> } | undefined;

  const connection = createDedicatedConnection({
    connectionString: options.databaseUrl,
    applicationName: "tributary-relay",
    async onUp(client) {
      // Its only writes say what was sent: losing one in a crash publishes a row twice, which every reader expects.
      await client.query("SET synchronous_commit = off");
      await client.query("LISTEN outbox");
      phase = "WAITING";
      poke();
    },
    onDown(reason) {
      if (phase === "STOPPED") return;
      phase = "CONNECTING";
      fail(reason);
    },
    onNotification: poke,
    sleep,
  });

  function poke(): void {
    notified = true;
    wake?.();
  }

  function fail(error: unknown): void {
    if (running === undefined || running.abort.signal.aborted) return;
    failures += 1;
    lastError = error instanceof Error ? error.message : String(error);
    if (failures === 1) logger.warn({ err: error }, "relay interrupted, it goes on trying");
    options.onError?.(error);
  }

  /** Waits for a notification or the stop, at most `pollMs`. */
  async function idle(signal: AbortSignal): Promise<void> {
    if (!notified && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, pollMs);
      wake = resolve;
      await promise;
      clearTimeout(timer);
      wake = undefined;
    }
    notified = false;
  }

  /** Appends one batch and marks it. Returns how many rows; a crash between the two appends them again. */
  async function round(client: Client, signal: AbortSignal): Promise<number> {
    const begun = performance.now();
    const rows = claimed.parse((await client.query(CLAIM, [batch])).rows);
    if (rows.length === 0) return 0;
    const readAt = performance.now();
    for (const run of runsOfOneTopic(rows)) await log.append(run.topic, run.records);
    const appendedAt = performance.now();
    if (signal.aborted || connection.client() !== client) return 0;
    await client.query("UPDATE outbox SET sent_at = now() WHERE position = ANY ($1::bigint[])", [
      rows.map((row) => row.position),
    ]);
    options.onBatch?.({
      rows: rows.length,
      claimMs: readAt - begun,
      appendMs: appendedAt - readAt,
      markMs: performance.now() - appendedAt,
    });
    return rows.length;
  }

  async function purge(client: Client): Promise<void> {
    let deleted = PURGE_BATCH;
    while (deleted === PURGE_BATCH && connection.client() === client) {
      const result = await client.query(
        `DELETE FROM outbox WHERE position IN (
           SELECT position FROM outbox WHERE sent_at < now() - $1 * interval '1 millisecond' ORDER BY sent_at LIMIT $2)`,
        [keepSentMs, PURGE_BATCH],
      );
      deleted = result.rowCount ?? 0;
    }
  }

  async function lead(client: Client): Promise<boolean> {
    if (phase === "ACTIVE") return true;
    const result = await client.query("SELECT pg_try_advisory_lock($1) AS held", [LOCK_KEY]);
    if (result.rows[0]?.["held"] !== true) return false;
    phase = "ACTIVE";
    logger.info("relay active");
    return true;
  }

  async function run(signal: AbortSignal): Promise<void> {
    let topicReady = false;
    let purgedAt = Date.now();
    while (!signal.aborted) {
      const client = connection.client();
      try {
        if (client === undefined || phase === "CONNECTING" || !(await lead(client))) {
          await idle(signal);
          continue;
        }
        if (!topicReady) {
          await log.ensureTopics([topic]);
          topicReady = true;
        }
        const sent = await round(client, signal);
        failures = 0;
        lastError = undefined;
        if (sent >= batch) continue;
        if (Date.now() - purgedAt >= purgeEveryMs) {
          purgedAt = Date.now();
          await purge(client);
        }
        await idle(signal);
      } catch (error) {
        fail(error);
        if (isSilent(error) && error instanceof Error) connection.drop(error);
        await sleep(backoffMs(RETRY, Math.max(failures, 1)), signal);
      }
    }
  }

  return {
    start() {
      if (running !== undefined) return;
      const abort = new AbortController();
      phase = "CONNECTING";
      running = { abort, done: Promise.resolve() };
      connection.start();
      running.done = run(abort.signal);
    },
    async stop() {
      const stopping = running;
      if (stopping === undefined) return;
      stopping.abort.abort();
      wake?.();
      await stopping.done;
      phase = "STOPPED";
      await connection.stop();
      running = undefined;
    },
    async lag() {
      const client = connection.client();
      if (client === undefined) throw new Error(`outbox of ${topic}: the database is away`);
      const result = await client.query(
        `SELECT count(*) AS unsent, coalesce(extract(epoch FROM now() - min(created_at)) * 1000, 0) AS age
         FROM outbox WHERE sent_at IS NULL`,
      );
      const [row] = lagRows.parse(result.rows);
      return { unsent: row?.unsent ?? 0, oldestAgeMs: Math.max(0, Math.round(row?.age ?? 0)) };
    },
    health: () => ({ phase, failures, ...(lastError === undefined ? {} : { lastError }) }),
  };
}

/** pg's client-side timeout leaves the statement running: the session cannot be trusted after it. */
function isSilent(error: unknown): boolean {
  return error instanceof Error && error.message === "Query read timeout";
}

/** Neighbouring rows of one topic, in order: one append each. */
function runsOfOneTopic(rows: readonly Row[]): { topic: string; records: LogAppend[] }[] {
  const runs: { topic: string; records: LogAppend[] }[] = [];
  for (const row of rows) {
    const record = { key: row.tenant_id, value: row.envelope };
    const last = runs.at(-1);
    if (last?.topic === row.topic) last.records.push(record);
    else runs.push({ topic: row.topic, records: [record] });
  }
  return runs;
}
