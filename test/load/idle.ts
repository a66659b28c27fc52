// `npm run load -- idle`: authenticated subscriptions on which nothing happens, each of a viewer and a socket of its
// own, on one process: what one costs in memory and processor time, and whether any is closed.
import { parseArgs } from "node:util";
import { startEventDatabases } from "../support/services/event-databases.ts";
import { type ServerProcess, startServerProcess } from "./live/measured-server.ts";
import { operationText } from "./live/operation.ts";
import { openStreams } from "./live/stream-client.ts";
import { figure, printVerdict, say } from "./live/verdict.ts";

const SHOPS = 1_000;
const BUDGET = { rssKb: 30 };
const OPTIONS = {
  subscribers: { type: "string", default: "10000" },
  seconds: { type: "string", default: "60" },
  profile: { type: "string" },
} as const;

/**
 * @param programArguments `--subscribers`, `--seconds` of idling, `--profile` FOLDER for a CPU profile of the server
 */
export async function idle(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const databases = await startEventDatabases();
  const { eventsUrl } = databases;
  const server = await startServerProcess("live", { eventsUrl, profile: values.profile });
  try {
    return await measure(server, Number(values.subscribers), Number(values.seconds));
  } finally {
    await server.stop();
    await databases.stop();
  }
}

async function measure(server: ServerProcess, subscribers: number, seconds: number): Promise<number> {
  const shops = Array.from({ length: SHOPS }, (_, index) => `idle-${index}`);
  await server.perform({ ask: "admit", viewers: subscribers, shops, scope: "ORGANIZATION" });
  const request = (index: number) => ({
    url: server.url,
    announced: true,
    token: `viewer-${index}`,
    operation: { query: operationText(0), variables: { shop: shops[index % SHOPS] ?? "" } },
  });
  // One comes and goes: what the first of all costs (plans, compiled code) is no subscriber's.
  for (const stream of await openStreams([request(0)])) stream.drop();
  const base = await server.figures(true);
  const begun = performance.now();
  const streams = await openStreams(Array.from({ length: subscribers }, (_, index) => request(index)));
  const opening = (performance.now() - begun) / 1_000;
  say(`${subscribers} subscriptions open after ${figure(opening)} s; idling for ${seconds} s`);
  const opened = await server.figures(true);
  const from = await server.figures();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const to = await server.figures();
  const end = await server.figures(true);
  const closed = streams.filter(({ closedUnasked }) => closedUnasked).length;
  const problems = streams.flatMap((stream) => stream.problems);
  for (const stream of streams) stream.drop();

  const each = (rss: number) => (rss - base.rss) / 1_024 / subscribers;
  const share = (to.cpuMs - from.cpuMs) / (to.at - from.at);
  const lines = [
    `subscriptions  ${subscribers}, a viewer and a socket each, on ${SHOPS} streams' keys; opened in ${figure(opening)} s (${figure((opened.cpuMs - base.cpuMs) / subscribers, 2)} ms CPU each)`,
    `memory         ${figure(each(opened.rss))} KB each when open, ${figure(each(end.rss))} KB each after ${seconds} s; base ${figure(base.rss / 1_048_576, 0)} MB`,
    `server CPU     ${figure(share * 100)} % of a core while idle, pings and renewed checks of every viewer included`,
    `closed unasked ${closed}`,
  ];
  return printVerdict(
    [...lines, ...problems.slice(0, 3)],
    [
      { what: "resident KB per subscription", value: each(end.rss), atMost: BUDGET.rssKb },
      { what: "closed unasked", value: closed, atMost: 0 },
      { what: "subscribers' problems", value: problems.length, atMost: 0 },
    ],
  );
}
