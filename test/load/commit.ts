// `npm run load -- commit`: 100 mutations a second, each committing one event: how long until its frames are with the
// subscribers, over both event logs (embedded: Postgres; distributed: Kafka), each on a platform of its own.
import { parseArgs } from "node:util";
import { Client } from "pg";
import { z } from "zod";
import { parseConfig } from "../../platform/config/parse-config.ts";
import { eventLogSettings } from "../../platform/config/settings.ts";
import { createEventLog } from "../../platform/events/create-event-log.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { runArrivals } from "./arrivals.ts";
import { startDistributedStack } from "./distributed-stack.ts";
import { createDurations, type Durations } from "./durations.ts";
import { createLoadClient } from "./http-client.ts";
import { createReceipts, type Sum, sumOf } from "./live/receipts.ts";
import { openStream, type Stream } from "./live/stream-client.ts";
import { figure, type Limit, printVerdict, say, table } from "./live/verdict.ts";
import { createOperationLog, type OperationLog } from "./operation-log.ts";
import { attachCard } from "./operations.ts";
import { populate, type Tenant } from "./population.ts";
import { sendPlanned } from "./send-planned.ts";
import { headOf, readHeads } from "./stream-heads.ts";

const TENANTS = 20;
const BUDGET = { p50Ms: 30, p99Ms: 150 };
const OPTIONS = {
  rate: { type: "string", default: "100" },
  seconds: { type: "string", default: "30" },
  subscribers: { type: "string", default: "40" },
  log: { type: "string", default: "both" },
} as const;
/** Compilers and plan caches do their work before the measurement, as in a server that has run for a while. */
const WARM_UP_SECONDS = 5;
const SETTLE_DEADLINE_MS = 20_000;
const LONGEST_SECONDS = 300;
const READ_AT_ONCE = 500;

/**
 * @param programArguments `--rate` of mutations per second, `--seconds` (up to 300), `--subscribers`, `--log` postgres,
 * kafka or both
 */
export async function commit(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const load = {
    perSecond: Number(values.rate),
    seconds: Math.min(LONGEST_SECONDS, Number(values.seconds)),
    subscribers: Number(values.subscribers),
  };
  const settings = { LOG_LEVEL: "warn", SEED_DEMO: "false", NODE_ENV: "production" };
  const outcomes: Outcome[] = [];
  if (values.log !== "kafka")
    outcomes.push(await measureStack("Postgres", () => startStack("embedded", { settings }), load));
  if (values.log !== "postgres")
    outcomes.push(await measureStack("Kafka", () => startDistributedStack({ settings }), load));
  return report(outcomes);
}

interface Load {
  readonly perSecond: number;
  readonly seconds: number;
  readonly subscribers: number;
}

interface Outcome {
  readonly name: string;
  /** From the time that the event carries, which its command took before it committed: more than from the commit on. */
  readonly occurredToFrame: Durations;
  /** From the mutation's answer, which comes after the commit; less than 0 when the frame was first. */
  readonly answerToFrame: Durations;
  readonly appendToFrame: Durations;
  readonly requests: OperationLog;
  readonly delivery: Sum;
  readonly lost: number;
  readonly problems: readonly string[];
}

async function measureStack(name: string, start: () => Promise<Stack>, load: Load): Promise<Outcome> {
  const stack = await start();
  try {
    say(`${name}: ${load.perSecond} mutations a second for ${load.seconds} s, ${load.subscribers} subscribers`);
    return { name, ...(await measure(stack, load)) };
  } finally {
    await stack.stop();
  }
}

const OPERATION = `subscription Commits($org: ID!) { billingEvents(organizationId: $org) {
  sequence eventId occurredAt actor { displayName } event { ... on PaymentMethodAttached { paymentMethod { id brand last4 } } } } }`;

const frameSchema = z.object({
  payload: z.object({
    data: z.object({
      billingEvents: z.object({
        eventId: z.string(),
        occurredAt: z.iso.datetime(),
        event: z.object({ paymentMethod: z.object({ id: z.string() }).optional() }),
      }),
    }),
  }),
});
const attachedSchema = z.object({ paymentMethodAttach: z.object({ paymentMethod: z.object({ id: z.string() }) }) });

interface Frame {
  readonly eventId: string;
  readonly occurredAt: number;
  readonly cardId: string;
  readonly arrivedAt: number;
}

async function measure(stack: Stack, { perSecond, seconds, subscribers }: Load): Promise<Omit<Outcome, "name">> {
  const { tenants } = await populate(stack, TENANTS, 0);
  const billing = new Client({ connectionString: stack.databaseOf("billing") });
  await billing.connect();
  const client = createLoadClient(stack.url);
  let frames: Frame[] = [];
  const answered = new Map<string, number>();
  const followed = Array.from({ length: subscribers }, (_, index) => tenants[index % tenants.length]);
  const receipts = followed.map(() => createReceipts());
  const streams: Stream[] = [];
  try {
    for (const [index, tenant] of followed.entries()) {
      if (tenant === undefined) continue;
      streams.push(
        await openStream({
          url: stack.socketUrl,
          announced: true,
          token: tenant.member.accessToken,
          operation: { query: OPERATION, variables: { org: tenant.organizationId } },
          onFrame(sequence, text) {
            const arrivedAt = Date.now();
            receipts[index]?.note(sequence);
            const { eventId, occurredAt, event } = frameSchema.parse(JSON.parse(text)).payload.data.billingEvents;
            frames.push({
              eventId,
              occurredAt: Date.parse(occurredAt),
              cardId: event.paymentMethod?.id ?? "",
              arrivedAt,
            });
          },
        }),
      );
    }

    async function settle(): Promise<readonly number[]> {
      const behind = async () => {
        const heads = await readHeads(billing);
        return followed.map((tenant, index) =>
          tenant === undefined ? 0 : Math.max(0, headOf(heads, tenant) - (receipts[index]?.last ?? 0)),
        );
      };
      const all = async () => (await behind()).every((count) => count === 0);
      await waitFor(all, { what: "everything", deadlineMs: SETTLE_DEADLINE_MS, intervalMs: 100 }).catch(() => false);
      return behind();
    }

    const random = seededRandom(5);
    async function drive(forSeconds: number): Promise<OperationLog> {
      const log = createOperationLog();
      await runArrivals({
        perSecond,
        seconds: forSeconds,
        begin: (due) => attach(tenants[Math.floor(random() * tenants.length)] ?? raise(), due, log),
      });
      return log;
    }
    function attach(tenant: Tenant, due: number, log: OperationLog): Promise<void> {
      const planned = attachCard(tenant);
      const accept = (data: unknown) => {
        planned.accept(data);
        answered.set(attachedSchema.parse(data).paymentMethodAttach.paymentMethod.id, Date.now());
      };
      return sendPlanned(client, tenant, { ...planned, accept }, due, log);
    }

    await drive(WARM_UP_SECONDS);
    await settle();
    frames = [];
    const requests = await drive(seconds);
    const behind = await settle();
    const appended = await readAppendTimes(stack);
    const [occurredToFrame, answerToFrame, appendToFrame] = [createDurations(), createDurations(), createDurations()];
    for (const { eventId, occurredAt, cardId, arrivedAt } of frames) {
      occurredToFrame.record(arrivedAt - occurredAt);
      answerToFrame.record(arrivedAt - (answered.get(cardId) ?? Number.NaN));
      appendToFrame.record(arrivedAt - (appended.get(eventId) ?? Number.NaN));
    }
    const delivery = sumOf(receipts);
    return {
      occurredToFrame,
      answerToFrame,
      appendToFrame,
      requests,
      delivery,
      lost: delivery.gaps + behind.reduce((sum, count) => sum + count, 0),
      problems: [...requests.samples, ...streams.flatMap(({ problems }) => problems)],
    };
  } finally {
    for (const stream of streams) stream.drop();
    client.close();
    await billing.end();
  }
}

function raise(): never {
  throw new Error("a load needs tenants");
}

/** By event id, when the log stored it. */
async function readAppendTimes(stack: Stack): Promise<Map<string, number>> {
  const topic = "billing.events";
  const settings = parseConfig(z.object(eventLogSettings), stack.eventLog);
  const log = await createEventLog(settings, createLogger({ name: "load", level: "warn" }));
  const times = new Map<string, number>();
  await log.start();
  try {
    for (const { partition, low, high } of await log.ranges(topic)) {
      for (let from = low; from < high; ) {
        const records = await log.read({ topic, partition, from, limit: READ_AT_ONCE });
        for (const { value, appendedAt } of records) times.set(JSON.parse(value).id, appendedAt.getTime());
        from = (records.at(-1)?.offset ?? high) + 1n;
      }
    }
  } finally {
    await log.stop();
  }
  return times;
}

function report(outcomes: readonly Outcome[]): number {
  const spread = (durations: Durations) => [50, 99, 100].map((percent) => figure(durations.percentile(percent), 0));
  const rows = [
    ["latency in ms", "frames", "p50", "p99", "max"],
    ...outcomes.flatMap(({ name, occurredToFrame, answerToFrame, appendToFrame, requests }) => [
      [`${name}: commit → frame`, String(occurredToFrame.count), ...spread(occurredToFrame)],
      ["  mutation's answer → frame", String(answerToFrame.count), ...spread(answerToFrame)],
      ["  log append → frame", String(appendToFrame.count), ...spread(appendToFrame)],
      ["  mutation", String(requests.writes.count), ...spread(requests.writes)],
    ]),
  ];
  const lines = [
    ...table(rows),
    "",
    ...outcomes.map(
      ({ name, delivery, lost }) =>
        `${name}: ${delivery.delivered} frames delivered, ${lost} lost, ${delivery.repeated} double, ${delivery.outOfOrder} out of order`,
    ),
    "",
    "Commit → frame counts from the time that the event carries: its command takes it before it commits, so the rest of the",
    "transaction is in the figure. All clocks are this machine's, in whole milliseconds.",
  ];
  const limits = outcomes.flatMap(({ name, occurredToFrame, requests, delivery, lost, problems }): Limit[] => [
    { what: `${name}: commit to frame p50, ms`, value: occurredToFrame.percentile(50), atMost: BUDGET.p50Ms },
    { what: `${name}: commit to frame p99, ms`, value: occurredToFrame.percentile(99), atMost: BUDGET.p99Ms },
    { what: `${name}: failed mutations`, value: requests.errors, atMost: 0 },
    { what: `${name}: frames lost`, value: lost, atMost: 0 },
    { what: `${name}: frames double or out of order`, value: delivery.repeated + delivery.outOfOrder, atMost: 0 },
    { what: `${name}: problems`, value: problems.length, atMost: 0 },
  ]);
  const problems = outcomes.flatMap((outcome) => outcome.problems.slice(0, 3));
  return printVerdict([...lines, ...problems.map((problem) => `problem ${problem}`)], limits);
}
