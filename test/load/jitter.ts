// `npm run load -- jitter`: clients that lose the network at random while events flow, and resume by cursor.
import { parseArgs } from "node:util";
import { eventWriter } from "../integration/gateway/live/live-stack.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { openEventLog } from "../support/services/event-log.ts";
import { waitFor } from "../support/wait.ts";
import { createDurations } from "./durations.ts";
import { startServerProcess } from "./live/measured-server.ts";
import { operationText } from "./live/operation.ts";
import { createReceipts, sumOf } from "./live/receipts.ts";
import { openStream, type Stream } from "./live/stream-client.ts";
import { figure, printVerdict, say } from "./live/verdict.ts";

const SHOPS = 20;
const BUDGET = { replayP99Ms: 1_000 };
const OPTIONS = {
  clients: { type: "string", default: "1000" },
  seconds: { type: "string", default: "30" },
  rate: { type: "string", default: "100" },
} as const;
/** Mean times, exponentially distributed. */
const ONLINE_MS = 6_000;
const OFFLINE_MS = 2_000;

/** @param programArguments `--clients`, `--seconds`, `--rate` of events per second over all streams */
export async function jitter(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const [count, seconds, rate] = [Number(values.clients), Number(values.seconds), Number(values.rate)];
  const world = await openEventLog();
  const { eventsUrl, log } = world;
  const server = await startServerProcess("live", { eventsUrl });
  try {
    const random = seededRandom(7);
    const shops = Array.from({ length: SHOPS }, (_, index) => ({
      name: `jitter-${index}`,
      writer: eventWriter(log, `jitter-${index}`),
    }));
    await server.perform({
      ask: "admit",
      viewers: count,
      shops: shops.map(({ name }) => name),
      scope: "ORGANIZATION",
    });
    const replay = createDurations();
    let ending = false;
    let drops = 0;
    let resumes = 0;

    const clients = await inTurns(count, async (index) => {
      const shop = shops[index % SHOPS] ?? { name: "", writer: eventWriter(log, "") };
      const receipts = createReceipts();
      const problems: string[] = [];
      let cursor: string | undefined;
      let stream: Stream | undefined;
      /** What existed when it came back, and when that was. */
      let missing: { readonly upTo: number; readonly since: number } | undefined;

      async function open(): Promise<void> {
        const since = performance.now();
        // Who missed nothing has nothing replayed and would only flatter the figures.
        const upTo = shop.writer.sequence;
        missing = cursor !== undefined && upTo > receipts.last ? { upTo, since } : undefined;
        settleReplay();
        stream = await openStream({
          url: server.url,
          announced: true,
          token: `viewer-${index}`,
          operation: { query: operationText(0), variables: { shop: shop.name } },
          resume: cursor,
          onFrame(sequence) {
            receipts.note(sequence);
            settleReplay();
          },
        });
      }

      function settleReplay(): void {
        if (missing === undefined || receipts.last < missing.upTo) return;
        replay.record(performance.now() - missing.since);
        missing = undefined;
      }

      async function live(): Promise<void> {
        while (!ending) {
          await pause(-Math.log(1 - random()) * ONLINE_MS);
          if (ending) break;
          cursor = stream?.cursor;
          problems.push(...(stream?.problems ?? []));
          stream?.drop();
          drops += 1;
          await pause(-Math.log(1 - random()) * OFFLINE_MS);
          resumes += 1;
          await open();
        }
      }

      await open();
      return {
        shop,
        receipts,
        live: () => live().catch((error: unknown) => void problems.push(String(error))),
        problems: () => [...problems, ...(stream?.problems ?? [])],
        leave: () => stream?.drop(),
      };
    });
    say(`${count} clients follow ${SHOPS} streams; ${rate} events a second for ${seconds} s`);

    const running = clients.map((client) => client.live());
    const end = performance.now() + seconds * 1_000;
    for (let number = 0, due = performance.now(); due < end; number += 1, due += 1_000 / rate) {
      await pause(due - performance.now());
      await shops[number % SHOPS]?.writer.append(1);
    }
    ending = true;
    await Promise.all(running);
    const complete = () => clients.every(({ shop, receipts }) => receipts.count >= shop.writer.sequence);
    await waitFor(complete, { what: "everything", deadlineMs: 20_000 }).catch(() => false);

    const expected = clients.reduce((sum, { shop }) => sum + shop.writer.sequence, 0);
    const sum = sumOf(clients.map(({ receipts }) => receipts));
    const problems = clients.flatMap((client) => client.problems());
    for (const client of clients) client.leave();
    const lines = [
      `frames         ${sum.delivered} of ${expected} delivered, ${sum.repeated} repeated, ${sum.outOfOrder} out of order`,
      `undetected     ${sum.gaps} events missing without a word`,
      `network        ${drops} drops, ${resumes} resumes by cursor`,
      `replay         p50 ${figure(replay.percentile(50))} ms, p99 ${figure(replay.percentile(99))} ms, max ${figure(replay.percentile(100))} ms of the ${replay.count} who had missed some, from connecting to the last missed event`,
    ];
    return printVerdict(
      [...lines, ...problems.slice(0, 3)],
      [
        { what: "frames lost", value: expected - sum.delivered, atMost: 0 },
        { what: "frames repeated or out of order", value: sum.repeated + sum.outOfOrder, atMost: 0 },
        { what: "undetected gaps", value: sum.gaps, atMost: 0 },
        { what: "replay p99, ms", value: replay.percentile(99), atMost: BUDGET.replayP99Ms },
        { what: "subscribers' problems", value: problems.length, atMost: 0 },
      ],
    );
  } finally {
    await server.stop();
    await world.stop();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** Some at a time. */
async function inTurns<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (results.length < count) {
    const part = Array.from({ length: Math.min(100, count - results.length) }, (_, index) => results.length + index);
    results.push(...(await Promise.all(part.map(make))));
  }
  return results;
}
