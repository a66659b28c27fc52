/**
 * Runs a consumer's handlers: effect and inbox row in one transaction, offset committed after it, so a crash repeats
 * a delivery but never an effect. Failures back off; after the last attempt the event goes to `<topic>.dlq` and only
 * its own key has waited. An outage of our own store is waited out and counts no attempt. What an operator replays is
 * tried in the same way, by this consumer alone.
 */
import type { Logger } from "pino";
import { requireTenantId, type TenantId } from "../auth/principal-ids.ts";
import type { Clock } from "../clock.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import type { TransactionEnd } from "../database/tenant-transaction.ts";
import { type BackoffPolicy, backoffMs, type Sleep, systemSleep } from "./backoff.ts";
import type { EventContracts } from "./contracts.ts";
import { appendDeadLetter, deadLetterTopic } from "./dead-letter.ts";
import type { EventEnvelope } from "./envelope.ts";
import type { EventLog, LogReader, LogRecord } from "./event-log.ts";
import { measureLag } from "./flow/lag.ts";
import { attemptInTime } from "./handler-attempt.ts";
import { createHandlerRetries } from "./handler-retries.ts";
import { claimEvents, startInboxPurge } from "./inbox.ts";
import { type KeptReader, keepReader } from "./kept-reader.ts";
import { createPartitionWindow } from "./partition-window.ts";
import { replayTopic } from "./replay.ts";
import { createReplays, refuseSuperseded } from "./replays.ts";
import { createSemaphore } from "./semaphore.ts";

export interface HandlerContext {
  /** 1 for the first attempt of this delivery; outages of our store are not counted. */
  readonly attempt: number;
  /** No attempt follows: when this one fails, the event becomes a dead letter. */
  readonly last: boolean;
  /** W3C trace context of the request behind the event. */
  readonly traceparent: string | undefined;
  /** Aborts at the handler's deadline, and when this instance loses the partition: nobody waits for the effect. */
  readonly signal: AbortSignal;
}

/** Runs inside the transaction that also holds the inbox row. Must not do what a rollback cannot undo. */
export type EventHandler<Tx extends SqlTransaction> = (
  event: EventEnvelope,
  tx: Tx,
  context: HandlerContext,
) => Promise<void>;

/**
 * Takes what waits of one key, in order, as far as it is decodable. Runs inside the transaction that it claims the
 * events in, all of them (`CLAIM_EVENTS`, as `consumer`): it is given events again, also within one call, and has an
 * effect for those that it could claim only.
 */
export type BatchHandler<Tx extends SqlTransaction> = (
  events: readonly EventEnvelope[],
  tx: Tx,
  batch: { readonly consumer: string; readonly end: TransactionEnd },
) => Promise<void>;

export interface RetryPolicy extends BackoffPolicy {
  /** Failed attempts after which the event becomes a dead letter. */
  readonly attempts: number;
  /** An attempt that takes longer, in milliseconds, has failed. */
  readonly deadlineMs: number;
}

const DEFAULT_RETRY_POLICY: RetryPolicy = { attempts: 3, baseMs: 200, capMs: 5_000, deadlineMs: 20_000 };
/** What an attempt may take beyond its deadline. */
const QUIET_MARGIN_MS = 3_000;

export interface GroupConsumerOptions<Tx extends SqlTransaction> {
  readonly log: EventLog;
  /** Also the consumer's name in the inbox and in dead letters: never change it, or every event is new again. */
  readonly group: string;
  readonly topics: readonly string[];
  readonly contracts: EventContracts;
  readonly database: TransactionHost<Tx>;
  /**
   * By event type; `"*"` takes every type without a handler of its own. Types without any handler are passed over. Or
   * one function for all types and for several events.
   */
  readonly handlers: Readonly<Record<string, EventHandler<Tx>>> | BatchHandler<Tx>;
  /** Whose rows the transaction may see. Default: the event's partition key. */
  readonly tenants?: (event: EventEnvelope) => readonly TenantId[];
  readonly policy?: Partial<RetryPolicy>;
  /**
   * What happens to a record that is no valid event. Where several consumers read a topic, one of them should keep the
   * default and the others `"skip"`, so that it is dead-lettered once.
   */
  readonly undecodable?: "dead-letter" | "skip";
  /**
   * Whether a replayed event may be applied after a newer one of its aggregate: `"accept"` is for effects that do not
   * depend on order, and the default where `order` is `"none"`. Else it is refused, unless the operator insists.
   */
  readonly lateEvents?: "refuse" | "accept";
  /** Unfinished records per partition. */
  readonly window?: number;
  /** Default: by key. `"none"` is for effects that do not depend on each other: one that is late holds up no other. */
  readonly order?: "key" | "none";
  /**
   * Events of one key that may share a transaction, for handlers whose whole effect is in it. Default 1. When one of
   * them fails, each is handled alone.
   */
  readonly together?: number;
  /** Transactions at once, over all partitions. */
  readonly concurrency?: number;
  /** How long the inbox remembers, in milliseconds: longer than the log keeps records. Default 30 days. */
  readonly keepInboxMs?: number;
  /** Pause between two purges of the inbox, in milliseconds. Default one hour. */
  readonly purgeEveryMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sleep?: Sleep;
  readonly random?: () => number;
}

export interface ConsumerHealth {
  readonly running: boolean;
  readonly partitions: number;
  readonly unfinished: number;
  readonly lastActivityAt: Date | undefined;
  /** Set while our own store is away. */
  readonly outageSince: Date | undefined;
}

export interface GroupConsumer extends Pick<KeptReader, "rebuild" | "held"> {
  readonly group: string;
  readonly topics: readonly string[];
  /** A partition that is quiet for longer while records wait in it is stuck, in milliseconds. */
  readonly quietLimitMs: number;
  /** Idempotent. Rejects when the event log cannot be reached. */
  start(): Promise<void>;
  /** Resolves when no handler runs any more and finished work is committed. */
  stop(): Promise<void>;
  /** Records behind the group's commits, over all topics. @throws when the event log is away. */
  lag(): Promise<bigint>;
  health(): ConsumerHealth;
}

export function createGroupConsumer<Tx extends SqlTransaction>(options: GroupConsumerOptions<Tx>): GroupConsumer {
  const {
    log,
    group,
    topics,
    contracts,
    database,
    handlers,
    clock,
    window = 200,
    order = "key",
    together = 1,
    concurrency = 8,
  } = options;
  const policy = { ...DEFAULT_RETRY_POLICY, ...options.policy };
  const sleep = options.sleep ?? systemSleep;
  const random = options.random ?? Math.random;
  const tenantsOf = options.tenants ?? ((event: EventEnvelope) => [requireTenantId(event.partitionkey)]);
  const logger = options.logger.child({ component: "consumer", consumer: group });
  const semaphore = createSemaphore(concurrency);
  const reader = keepReader(open, logger);
  const { keepInboxMs = 30 * 24 * 3_600_000, purgeEveryMs = 3_600_000 } = options;
  let lastActivityAt: Date | undefined;
  const retries = createHandlerRetries({
    ...{ policy, clock, logger, sleep, random },
    async attempt(event, number, leaving, since) {
      // A key that backs off holds no slot, so it cannot keep other keys waiting.
      await semaphore.use(() => attempt([event], number, leaving, since));
      lastActivityAt = clock.now();
    },
  });

  function handlerOf(event: EventEnvelope): EventHandler<Tx> | undefined {
    return typeof handlers === "function" ? undefined : (handlers[event.type] ?? handlers["*"]);
  }

  /**
   * One transaction for events of a key, none of which is passed over.
   * @param since refuses what is older than something that was applied since then
   */
  async function attempt(
    events: readonly EventEnvelope[],
    attempt: number,
    leaving: AbortSignal,
    since?: Date,
  ): Promise<void> {
    const [first] = events;
    if (first === undefined) return;
    const limits = { deadlineMs: policy.deadlineMs, leaving };
    const attempted = attemptInTime(database, tenantsOf(first), limits, async (tx, end, signal) => {
      if (typeof handlers === "function") return handlers(events, tx, { consumer: group, end });
      for (const event of await claimEvents(tx, group, events)) {
        const last = attempt >= policy.attempts;
        await refuseSuperseded(tx, group, event, since);
        await handlerOf(event)?.(event, tx, { attempt, last, traceparent: event.traceparent, signal });
        // Again: what the handler waited for may have been just that.
        await refuseSuperseded(tx, group, event, since);
      }
    });
    await attempted.finally(reader.noteAttempt);
  }

  function isPassedOver(event: EventEnvelope): boolean {
    return typeof handlers !== "function" && handlerOf(event) === undefined;
  }

  /** Appends until it is durable, or `signal` aborts. */
  async function surely(append: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await append();
      } catch (error) {
        logger.warn({ err: error }, "outcome of an event not stored, trying again");
        await sleep(backoffMs(policy, failures, random), signal);
      }
    }
  }

  async function giveUp(record: LogRecord, attempts: number, error: unknown, signal: AbortSignal): Promise<void> {
    const position = { topic: record.topic, partition: record.partition, offset: String(record.offset) };
    const letter = { consumer: group, record, attempts, error, failedAt: clock.now() };
    await surely(() => appendDeadLetter(log, letter), signal);
    logger.error({ err: error, attempts, ...position }, "event given up, see the dead letters");
  }

  /** One transaction for several events of a key; false when they must be handled one by one. */
  async function processTogether(records: readonly LogRecord[], signal: AbortSignal): Promise<boolean> {
    const decodedEvents = records.map((record) => contracts.decodeEvent(record.value));
    const events = decodedEvents.flatMap((decoded) => (decoded.ok ? [decoded.event] : []));
    if (events.length < records.length) return false;
    const wanted = events.filter((event) => !isPassedOver(event));
    try {
      await semaphore.use(() => attempt(wanted, 1, signal));
      lastActivityAt = clock.now();
      retries.noteCommit();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ err: error, events: events.length }, "events failed together, trying each alone");
      return false;
    }
  }

  async function processAll(records: readonly LogRecord[], signal: AbortSignal): Promise<void> {
    if (records.length > 1 && (await processTogether(records, signal))) return;
    for (const record of records) await process(record, signal);
  }

  async function process(record: LogRecord, signal: AbortSignal): Promise<void> {
    const decoded = contracts.decodeEvent(record.value);
    if (!decoded.ok) {
      if (options.undecodable !== "skip") await giveUp(record, 1, decoded.problem, signal);
      return;
    }
    const { event } = decoded;
    if (isPassedOver(event)) return;
    const failure = await retries.carryOut(event, signal);
    if (failure !== undefined) await giveUp(record, failure.attempts, failure.error, signal);
  }

  const replays = createReplays({
    log,
    group,
    contracts,
    clock,
    logger,
    late: options.lateEvents ?? (options.order === "none" ? "accept" : "refuse"),
    isPassedOver,
    carryOut: retries.carryOut,
    surely,
  });

  async function open(): Promise<LogReader> {
    const replayed = replayTopic(group);
    await log.ensureTopics([...topics, ...topics.map(deadLetterTopic), replayed]);
    const opened = await log.consume({
      group,
      topics: [...topics, replayed],
      onAssigned(assignment) {
        const process = assignment.topic === replayed ? replays.process : processAll;
        const opened = createPartitionWindow({ assignment, size: window, together, order, process });
        return reader.hold(assignment, opened);
      },
    });
    const purge = startInboxPurge({ database, keepMs: keepInboxMs, everyMs: purgeEveryMs, clock, logger });
    return {
      async stop() {
        await Promise.all([purge.stop(), opened.stop()]);
      },
    };
  }

  return {
    group,
    topics,
    quietLimitMs: Math.max(policy.deadlineMs, policy.capMs) + QUIET_MARGIN_MS,
    start: reader.start,
    stop: reader.stop,
    rebuild: reader.rebuild,
    held: reader.held,
    async lag() {
      const lags = await measureLag(log, group, topics);
      return lags.reduce((behind, { events }) => behind + events, 0n);
    },
    health: () => ({
      running: reader.running(),
      partitions: reader.held().length,
      unfinished: reader.unfinished(),
      lastActivityAt,
      outageSince: retries.outageSince(),
    }),
  };
}
