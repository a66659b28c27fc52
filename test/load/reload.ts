// `npm run load -- reload`: new supergraphs while events flow to open streams.
import { parseArgs } from "node:util";
import { eventWriter } from "../integration/gateway/live/live-stack.ts";
import { openEventLog } from "../support/services/event-log.ts";
import { waitFor } from "../support/wait.ts";
import { createDurations } from "./durations.ts";
import { startServerProcess } from "./live/measured-server.ts";
import { operationText } from "./live/operation.ts";
import { createReceipts, sumOf } from "./live/receipts.ts";
import { openStreams, type StreamRequest } from "./live/stream-client.ts";
import { figure, printVerdict, say } from "./live/verdict.ts";

const OPERATIONS = 10;
const SHOP = "reload";
const OPTIONS = {
  subscribers: { type: "string", default: "1000" },
  reloads: { type: "string", default: "5" },
} as const;
const EVENTS_BETWEEN = 40;
const PAUSE_MS = 50;

/** @param programArguments `--subscribers`, `--reloads` */
export async function reload(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const [subscribers, reloads] = [Number(values.subscribers), Number(values.reloads)];
  const world = await openEventLog();
  const { eventsUrl, log } = world;
  const server = await startServerProcess("live", { eventsUrl });
  try {
    await server.perform({ ask: "admit", viewers: subscribers, shops: [SHOP], scope: "ORGANIZATION" });
    const receipts = Array.from({ length: subscribers }, createReceipts);
    const latency = createDurations();
    const times: number[] = [];
    const streams = await openStreams(
      receipts.map(
        (one, index): StreamRequest => ({
          url: server.url,
          announced: true,
          token: `viewer-${index}`,
          operation: { query: operationText(index % OPERATIONS), variables: { shop: SHOP } },
          onFrame(sequence) {
            one.note(sequence);
            latency.record(performance.now() - (times[sequence] ?? Number.NaN));
          },
        }),
      ),
    );
    say(`${subscribers} streams of ${OPERATIONS} operations; ${reloads} reloads while events flow`);
    const writer = eventWriter(log, SHOP);
    let reloading: Promise<unknown> = Promise.resolve();
    for (let number = 1; number <= EVENTS_BETWEEN * (reloads + 1); number += 1) {
      if (number % EVENTS_BETWEEN === 0 && number <= EVENTS_BETWEEN * reloads) {
        const name = `generation${number}`;
        reloading = reloading.then(() => server.perform({ ask: "reload", name }));
      }
      times[number] = performance.now();
      await writer.append(1);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await reloading;
    const complete = () => receipts.every(({ count }) => count >= writer.sequence);
    await waitFor(complete, { what: "everything", deadlineMs: 15_000 }).catch(() => false);
    const sum = sumOf(receipts);
    const expected = subscribers * writer.sequence;
    const closed = streams.filter(({ closedUnasked }) => closedUnasked).length;
    const problems = streams.flatMap((stream) => stream.problems);
    for (const stream of streams) stream.drop();
    const lines = [
      `sockets closed ${closed} of ${subscribers} by ${reloads} reloads`,
      `frames         ${sum.delivered} of ${expected} delivered, ${sum.repeated} repeated, ${sum.outOfOrder} out of order`,
      `append→frame   p50 ${figure(latency.percentile(50))} ms, p99 ${figure(latency.percentile(99))} ms, max ${figure(latency.percentile(100))} ms`,
    ];
    return printVerdict(
      [...lines, ...problems.slice(0, 3)],
      [
        { what: "sockets closed", value: closed, atMost: 0 },
        { what: "frames lost", value: expected - sum.delivered, atMost: 0 },
        { what: "frames repeated or out of order", value: sum.repeated + sum.outOfOrder, atMost: 0 },
        { what: "subscribers' problems", value: problems.length, atMost: 0 },
      ],
    );
  } finally {
    await server.stop();
    await world.stop();
  }
}
