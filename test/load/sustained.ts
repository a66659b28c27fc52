// `npm run load -- sustained`: a steady stream of events to many subscribers of one process, 30,000 frames a second by
// default.
import { parseArgs } from "node:util";
import { eventWriter } from "../integration/gateway/live/live-stack.ts";
import { type OpenEventLog, openEventLog } from "../support/services/event-log.ts";
import { waitFor } from "../support/wait.ts";
import { createDurations } from "./durations.ts";
import { type ServerProcess, startServerProcess } from "./live/measured-server.ts";
import { operationText } from "./live/operation.ts";
import { createReceipts, sumOf } from "./live/receipts.ts";
import { openStreams, type StreamRequest } from "./live/stream-client.ts";
import { figure, printVerdict, say } from "./live/verdict.ts";

const SHOP = "sustained";
const BUDGET = { p99Ms: 300, shareOfRate: 0.95 };
const OPTIONS = {
  subscribers: { type: "string", default: "1000" },
  rate: { type: "string", default: "30" },
  seconds: { type: "string", default: "20" },
  profile: { type: "string" },
} as const;
/** Compilers do their work before the measurement, as in a server that has run for a while. */
const WARM_UP_SECONDS = 3;

/**
 * @param programArguments `--subscribers`, `--rate` of events per second, `--seconds`, `--profile` FOLDER for a CPU
 * profile of the server
 */
export async function sustained(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const world = await openEventLog();
  const server = await startServerProcess("live", { eventsUrl: world.eventsUrl, profile: values.profile });
  try {
    const load = {
      subscribers: Number(values.subscribers),
      rate: Number(values.rate),
      seconds: Number(values.seconds),
    };
    return await measure(world, server, load);
  } finally {
    await server.stop();
    await world.stop();
  }
}

interface Load {
  readonly subscribers: number;
  /** Events per second. */
  readonly rate: number;
  readonly seconds: number;
}

async function measure({ log }: OpenEventLog, server: ServerProcess, { subscribers, rate, seconds }: Load) {
  await server.perform({ ask: "admit", viewers: subscribers, shops: [SHOP], scope: "ORGANIZATION" });
  const receipts = Array.from({ length: subscribers }, createReceipts);
  let latency = createDurations();
  const times: number[] = [];
  const streams = await openStreams(
    receipts.map(
      (one, index): StreamRequest => ({
        url: server.url,
        announced: true,
        token: `viewer-${index}`,
        operation: { query: operationText(0), variables: { shop: SHOP } },
        onFrame(sequence) {
          one.note(sequence);
          latency.record(performance.now() - (times[sequence] ?? Number.NaN));
        },
      }),
    ),
  );
  const writer = eventWriter(log, SHOP);
  const settle = () =>
    waitFor(() => receipts.every(({ count }) => count >= writer.sequence), {
      what: "everything",
      deadlineMs: 15_000,
    }).catch(() => false);
  /** An event that is late counts from when it was due. */
  async function write(forSeconds: number): Promise<void> {
    const begun = performance.now();
    for (let number = 0; number < rate * forSeconds; number += 1) {
      const due = begun + (number * 1_000) / rate;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      times[writer.sequence + 1] = due;
      await writer.append(1);
    }
    await settle();
  }
  say(`${subscribers} subscribers, ${rate} events a second: ${subscribers * rate} frames a second for ${seconds} s`);
  await write(WARM_UP_SECONDS);
  latency = createDurations();
  const begun = performance.now();
  const from = await server.figures();
  await write(seconds);
  const to = await server.figures();
  const elapsed = (performance.now() - begun) / 1_000;
  const sum = sumOf(receipts);
  const lost = subscribers * writer.sequence - sum.delivered;
  const problems = streams.flatMap((stream) => stream.problems);
  for (const stream of streams) stream.drop();

  const perSecond = latency.count / elapsed;
  const cpuMs = to.cpuMs - from.cpuMs;
  const lines = [
    `frames         ${latency.count} measured, ${figure(perSecond, 0)} a second; ${lost} lost, ${sum.repeated} repeated, ${sum.outOfOrder} out of order`,
    `append→frame   p50 ${figure(latency.percentile(50))} ms, p99 ${figure(latency.percentile(99))} ms, max ${figure(latency.percentile(100))} ms, from when the append was due, the client's own work included`,
    `server CPU     ${figure((100 * cpuMs) / (to.at - from.at), 0)} % of a core, ${figure((1_000 * cpuMs) / latency.count)} µs a frame`,
  ];
  return printVerdict(
    [...lines, ...problems.slice(0, 3)],
    [
      { what: "frames a second", value: perSecond, atLeast: subscribers * rate * BUDGET.shareOfRate },
      { what: "frames lost", value: lost, atMost: 0 },
      { what: "frames repeated or out of order", value: sum.repeated + sum.outOfOrder, atMost: 0 },
      { what: "append to frame p99, ms", value: latency.percentile(99), atMost: BUDGET.p99Ms },
      { what: "subscribers' problems", value: problems.length, atMost: 0 },
    ],
  );
}
