/**
 * Moves outbox rows to the event log, in order per key, at least once. One relay per database is active: it holds a
 * session advisory lock on its own connection; the others wait and take over when that connection dies.
 * `wake` and LISTEN are latency hints only; polling is what guarantees that no row stays behind.
 */
import type { Client } from "pg";
import type { Logger } from "pino";
import { backoffMs, type Sleep, systemSleep } from "./backoff.ts";
import type { EventLog } from "./event-log.ts";
import type { RelayWake } from "./outbox.ts";
import { createDedicatedConnection } from "./postgres/dedicated-connection.ts";
import { createAnnouncer } from "./relay/announcer.ts";
import { drainOutbox, type RelayedBatch } from "./relay/drain.ts";
import { createHeadsPublisher } from "./relay/heads-publisher.ts";
import { createHeldKeys } from "./relay/held-keys.ts";
import { headsOf, markSent, type OutboxLag, purgeSent, readLag } from "./relay/outbox-rows.ts";
import { creatingTopics } from "./relay/topics-first.ts";

export interface RelayOptions {
  /** Address of the subgraph's database with its `_relay` role. */
  readonly databaseUrl: string;
  readonly log: EventLog;
  /** Created at the start when it is missing. Rows go to the topic that they name; that is created before the first. */
  readonly topic: string;
  readonly logger: Logger;
  /** Longest wait for a row that nobody told of, in milliseconds. */
  readonly pollMs?: number;
  /** Rows per append; four times as many while the relay is behind. */
  readonly batch?: number;
  /** Sent rows are deleted after this long, in milliseconds. Default 24 h. */
  readonly keepSentMs?: number;
  /** Pause between two deletions of sent rows, in milliseconds. Default one minute. */
  readonly purgeEveryMs?: number;
  /** Pause between two looks at how far the streams have come, in milliseconds. Default ten seconds. */
  readonly headsEveryMs?: number;
  /** Pause before an event that the log refused is offered again, in milliseconds. Default half a minute. */
  readonly offerAgainMs?: number;
  readonly onError?: (error: unknown) => void;
  /** Told of each batch when it was marked. */
  readonly onBatch?: (batch: RelayedBatch) => void;
  readonly sleep?: Sleep;
}

/** `ACTIVE` relays; `WAITING` for the lock, which another relay holds; `CONNECTING` while the database is away. */
export type RelayPhase = "STOPPED" | "CONNECTING" | "WAITING" | "ACTIVE";

export interface RelayHealth {
  readonly phase: RelayPhase;
  /** Failures in a row of the database or the log; 0 when the last round succeeded. */
  readonly failures: number;
  /** Keys whose events wait since the log refuses one of them: `lastError` says why, and somebody has to act. */
  readonly heldKeys: number;
  readonly lastError?: string;
}

export type { OutboxLag, RelayedBatch };

export interface Relay extends RelayWake {
  readonly topic: string;
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

export function createRelay(options: RelayOptions): Relay {
  const { log, topic, pollMs = 250, batch = 500, keepSentMs = 24 * 3_600_000 } = options;
  const { purgeEveryMs = 60_000, offerAgainMs = 30_000 } = options;
  const sleep = options.sleep ?? systemSleep;
  const logger = options.logger.child({ component: "relay", topic });
  const held = createHeldKeys(creatingTopics(log), logger);
  const heads = createHeadsPublisher({ log: creatingTopics(log), topic, everyMs: options.headsEveryMs ?? 10_000 });
  let phase: RelayPhase = "STOPPED";
  let failures = 0;
  let lastError: string | undefined;
  let notified = false;
  let endWait: (() => void) | undefined;
  let running: { readonly abort: AbortController; done: Promise<void> } | undefined;

  const connection = createDedicatedConnection({
    connectionString: options.databaseUrl,
    applicationName: "tributary-relay",
    async onUp(client) {
      // Its only writes say what was sent: losing one in a crash publishes a row twice, which every reader expects. And
      // an announcement holds its lock for no flush of the WAL.
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

  const announce = createAnnouncer(() => connection.client());

  function poke(): void {
    notified = true;
    endWait?.();
  }

  function fail(error: unknown): void {
    if (running === undefined || running.abort.signal.aborted) return;
    failures += 1;
    lastError = error instanceof Error ? error.message : String(error);
    if (failures === 1) logger.warn({ err: error }, "relay interrupted, it goes on trying");
    options.onError?.(error);
  }

  function succeed(): void {
    failures = 0;
    lastError = undefined;
  }

  /** Waits for a notification or the stop, at most `pollMs`. */
  async function idle(signal: AbortSignal): Promise<void> {
    if (!notified && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, pollMs);
      endWait = resolve;
      await promise;
      clearTimeout(timer);
      endWait = undefined;
    }
    notified = false;
  }

  function moved(rows: RelayedBatch): void {
    succeed();
    options.onBatch?.(rows);
  }

  async function offerAgain(client: Client): Promise<void> {
    const keys = held.keys();
    const heads = await headsOf(client, keys);
    for (const key of keys) {
      const oldest = heads.find((row) => row.key === key);
      if ((await held.offer(key, oldest)) && oldest !== undefined) await markSent(client, [oldest]);
    }
  }

  async function purge(client: Client): Promise<void> {
    let deleted = PURGE_BATCH;
    while (deleted === PURGE_BATCH && connection.client() === client) {
      deleted = await purgeSent(client, keepSentMs, PURGE_BATCH);
    }
  }

  /** Events go on when nobody can be told how far they have come. */
  async function lookAtHeads(client: Client): Promise<void> {
    try {
      await heads.look(client);
    } catch (error) {
      if (isSilent(error)) throw error;
      logger.warn({ err: error }, "nobody knows how far the streams have come");
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
    let offeredAt = Date.now();
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
        if (held.keys().length > 0 && Date.now() - offeredAt >= offerAgainMs) {
          offeredAt = Date.now();
          await offerAgain(client);
        }
        await lookAtHeads(client);
        const leads = () => !signal.aborted && connection.client() === client;
        await drainOutbox({ client, held, batch, leads, onBatch: moved });
        if (leads()) await heads.publish(held.keys());
        succeed();
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
    topic,
    start() {
      if (running !== undefined) return;
      const abort = new AbortController();
      phase = "CONNECTING";
      running = { abort, done: Promise.resolve() };
      connection.start();
      running.done = run(abort.signal);
    },
    wake() {
      if (phase === "ACTIVE") poke();
      else announce();
    },
    async stop() {
      const stopping = running;
      if (stopping === undefined) return;
      stopping.abort.abort();
      endWait?.();
      await stopping.done;
      phase = "STOPPED";
      await connection.stop();
      running = undefined;
    },
    async lag() {
      const client = connection.client();
      if (client === undefined) throw new Error(`outbox of ${topic}: the database is away`);
      return readLag(client);
    },
    health() {
      const problem = lastError ?? held.lastReason();
      return {
        phase,
        failures,
        heldKeys: held.keys().length,
        ...(problem === undefined ? {} : { lastError: problem }),
      };
    },
  };
}

/** pg's client-side timeout leaves the statement running: the session cannot be trusted after it. */
function isSilent(error: unknown): boolean {
  return error instanceof Error && error.message === "Query read timeout";
}
