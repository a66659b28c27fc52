// `npm run load -- backlog`: an outbox with 50,000 events that were never sent, as after an outage of the log: how many
// a second the relay moves, into both logs, and what its stages take. Afterwards the log must hold each event once, in
// its key's order.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { EventLog } from "../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../platform/events/kafka-event-log.ts";
import { createPostgresEventLog } from "../../platform/events/postgres-event-log.ts";
import { createRelay, type RelayedBatch } from "../../platform/events/relay.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { startEventDatabases } from "../support/services/event-databases.ts";
import { startKafka } from "../support/services/kafka.ts";
import { waitFor } from "../support/wait.ts";
import { compareOrder, type DeliveredOrder } from "./backlog/delivered-order.ts";
import { type FullOutbox, fillOutbox } from "./backlog/full-outbox.ts";
import { createDurations } from "./durations.ts";
import { figure, type Limit, printVerdict, say, table } from "./live/verdict.ts";

const BUDGET_PER_SECOND = 10_000;
const OPTIONS = {
  rows: { type: "string", default: "50000" },
  rounds: { type: "string", default: "5" },
  log: { type: "string", default: "both" },
} as const;
const DEADLINE_MS = 300_000;
const logger = createLogger({ name: "load", level: "warn" });

/** @param programArguments `--rows` of the backlog, `--rounds` per log, `--log` postgres, kafka or both */
export async function backlog(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const rows = Number(values.rows);
  const databases = await startEventDatabases();
  const broker = values.log === "postgres" ? undefined : await startKafka();
  const logs = new Map<string, EventLog>();
  if (values.log !== "kafka") {
    logs.set("Postgres", createPostgresEventLog({ connectionString: databases.eventsUrl, logger }));
  }
  if (broker !== undefined) {
    const brokers = [broker.brokers];
    logs.set("Kafka", createKafkaEventLog({ brokers, clientId: "backlog", replicationFactor: 1, logger }));
  }
  try {
    for (const log of logs.values()) await log.start();
    say(`committing ${rows} events`);
    const outbox = await fillOutbox(databases, rows);
    const rounds = new Map<string, Round[]>([...logs.keys()].map((name) => [name, []]));
    // In turns, so that what else the machine does meets both logs.
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const [name, log] of logs) {
        const measured = await drain(outbox, log, databases.relayUrl, rows);
        rounds.get(name)?.push(measured);
        say(`${name}: ${figure(measured.perSecond, 0)} rows a second`);
      }
    }
    return report(rows, outbox.bytesPerEvent, rounds);
  } finally {
    for (const log of logs.values()) await log.stop();
    await broker?.stop();
    await databases.stop();
  }
}

interface Round extends DeliveredOrder {
  readonly perSecond: number;
  readonly batches: readonly RelayedBatch[];
  /** This process's, which does nothing else, for each row. */
  readonly processorUs: number;
}

async function drain(outbox: FullOutbox, log: EventLog, databaseUrl: string, rows: number): Promise<Round> {
  const topic = `backlog.${randomUUID()}`;
  await log.ensureTopics([topic]);
  await outbox.refill(topic);
  const batches: RelayedBatch[] = [];
  const emptied = Promise.withResolvers<number>();
  let left = rows;
  const relay = createRelay({
    databaseUrl,
    log,
    topic,
    logger,
    onBatch(batch) {
      batches.push(batch);
      left -= batch.rows;
      if (left <= 0) emptied.resolve(performance.now());
    },
    onError: (error) => say(`the relay met ${String(error)}`),
  });
  const processor = process.cpuUsage();
  const begun = performance.now();
  relay.start();
  const timer = setTimeout(() => emptied.reject(new Error(`${left} rows were left`)), DEADLINE_MS);
  try {
    const ended = await emptied.promise;
    const { user, system } = process.cpuUsage(processor);
    await waitFor(async () => (await outbox.unsent()) === 0, { what: "every row to be marked as sent" });
    return {
      perSecond: rows / ((ended - begun) / 1_000),
      batches,
      processorUs: (user + system) / rows,
      ...(await compareOrder(log, topic, outbox.order)),
    };
  } finally {
    clearTimeout(timer);
    await relay.stop();
  }
}

function report(rows: number, bytesPerEvent: number, rounds: ReadonlyMap<string, readonly Round[]>): number {
  const lines = [
    ["backlog", "rows a second", "min", "max", "batches", "claim ms", "append ms", "mark ms", "CPU µs a row"],
    ...[...rounds].map(([name, all]) => {
      const rates = all.map(({ perSecond }) => perSecond);
      const stage = (of: (batch: RelayedBatch) => number) =>
        figure(medianOf(all.map(({ batches }) => batches.reduce((sum, batch) => sum + of(batch), 0))), 0);
      return [
        name,
        figure(medianOf(rates), 0),
        figure(Math.min(...rates), 0),
        figure(Math.max(...rates), 0),
        figure(medianOf(all.map(({ batches }) => batches.length)), 0),
        stage(({ claimMs }) => claimMs),
        stage(({ appendMs }) => appendMs),
        stage(({ markMs }) => markMs),
        figure(medianOf(all.map(({ processorUs }) => processorUs))),
      ];
    }),
  ];
  const notes = [
    "",
    `${rows} events of ${bytesPerEvent} bytes; medians of ${[...rounds.values()][0]?.length ?? 0} rounds. From the relay's start, its connection included, to its`,
    "last mark. Stages are sums over all batches; where they overlap, they are more than the whole.",
  ];
  const limits = [...rounds].flatMap(([name, all]): Limit[] => {
    const sum = (of: (round: Round) => number) => all.reduce((total, round) => total + of(round), 0);
    return [
      {
        what: `${name}: rows a second`,
        value: medianOf(all.map(({ perSecond }) => perSecond)),
        atLeast: BUDGET_PER_SECOND,
      },
      { what: `${name}: rows missing in the log`, value: sum(({ missing }) => missing), atMost: 0 },
      { what: `${name}: rows more than once in the log`, value: sum(({ repeated }) => repeated), atMost: 0 },
      { what: `${name}: rows that nobody committed`, value: sum(({ foreign }) => foreign), atMost: 0 },
      { what: `${name}: keys out of order`, value: sum(({ disordered }) => disordered), atMost: 0 },
    ];
  });
  return printVerdict([...table(lines), ...notes], limits);
}

function medianOf(values: readonly number[]): number {
  const durations = createDurations();
  for (const value of values) durations.record(value);
  return durations.percentile(50);
}
