// `npm run load -- delivery`: one event to 1, 100 and 5,000 subscribers of an operation, and to 50 operations. It is
// delivered by the gateway's live room, by a bare ws broadcast of the same bytes, and by the usual graphql-ws server.
// Every server is alone in its process.
import { parseArgs } from "node:util";
import { openEventLog } from "../support/services/event-log.ts";
import { type FanOutResult, measureFanOut } from "./live/fan-out.ts";
import { figure, type Limit, printVerdict, say, table } from "./live/verdict.ts";

const BUDGET = { timesBare: 1.5, timesCheaperThanStock: 3, p99Ms: 300 };
const LARGEST = 5_000;

const OPTIONS = {
  subscribers: { type: "string", default: String(LARGEST) },
  profile: { type: "string" },
} as const;

/** @param programArguments `--subscribers` of the largest step, `--profile` FOLDER for CPU profiles of the servers */
export async function delivery(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const largest = Number(values.subscribers);
  const own = await openEventLog();
  try {
    const world = { ...own, profile: values.profile };
    const shared: FanOutResult[] = [];
    const floors: FanOutResult[] = [];
    const stocks: FanOutResult[] = [];
    for (const [subscribers, events] of [
      [1, 300],
      [100, 200],
      [largest, 40],
    ] as const) {
      const load = { subscribers, events };
      say(`${subscribers} subscribers of one operation: live`);
      const live = await measureFanOut(world, { kind: "live", ...load });
      shared.push(live);
      say(`${subscribers} sockets: bare ws, ${live.template.length} bytes a frame`);
      floors.push(await measureFanOut(world, { kind: "bare", ...load, template: live.template }));
      say(`${subscribers} subscribers: stock graphql-ws`);
      stocks.push(await measureFanOut(world, { kind: "stock", ...load }));
    }
    say("50 distinct operations, 10 subscribers each; 100 subscribers of a field that is enriched per session");
    const others = [
      await measureFanOut(world, { kind: "live", subscribers: 500, events: 100, operations: 50 }),
      await measureFanOut(world, { kind: "live", subscribers: 100, events: 100, scope: "VIEWER" }),
    ];
    return report(shared, floors, stocks, others);
  } finally {
    await own.stop();
  }
}

function report(
  shared: readonly FanOutResult[],
  floors: readonly FanOutResult[],
  stocks: readonly FanOutResult[],
  others: readonly FanOutResult[],
): number {
  const ratio = (live: FanOutResult, base: FanOutResult | undefined) =>
    live.cpuPerFrameUs / (base?.cpuPerFrameUs ?? Number.NaN);
  const row = (result: FanOutResult, timesBare = Number.NaN, cheaper = Number.NaN) => [
    result.name,
    `${result.delivered}/${result.expected}`,
    String(result.repeated),
    String(result.outOfOrder),
    figure(result.latency.percentile(50)),
    figure(result.latency.percentile(99)),
    figure(result.cpuPerFrameUs, 2),
    figure(timesBare, 2),
    figure(cheaper),
    figure(result.fetchesPerEvent, 2),
    figure(result.rssPerSubscription / 1_024),
  ];
  const rows = [
    [
      "server",
      "delivered",
      "twice",
      "late",
      "p50 ms",
      "p99 ms",
      "CPU µs/frame",
      "× bare",
      "stock ÷ live",
      "fetches/event",
      "RSS KB/sub",
    ],
    ...shared.flatMap((live, index) => {
      const [bare, stock] = [floors[index], stocks[index]];
      const base = [bare, stock].flatMap((one) => (one === undefined ? [] : [row(one)]));
      return [row(live, ratio(live, bare), 1 / ratio(live, stock)), ...base];
    }),
    ...others.map((other) => row(other)),
  ];
  const lines = [
    ...table(rows),
    "",
    "p50 and p99: from before the append to the log (publishing, for bare and stock) to the frame in the client's hands, the",
    "client's own work included. Each subscriber is a user with a session and a socket of its own; live fields of scope ORGANIZATION,",
    "as the platform's own are, but for the last row.",
  ];
  const live = [...shared, ...others];
  const [largest, floor, stock] = [shared.at(-1), floors.at(-1), stocks.at(-1)];
  const fewest = shared[0]?.fetchesPerEvent ?? Number.NaN;
  const limits: Limit[] = [
    ...live.flatMap(({ name, expected, delivered, repeated, outOfOrder, problems }) => [
      { what: `${name}: frames lost`, value: expected - delivered, atMost: 0 },
      { what: `${name}: frames repeated or out of order`, value: repeated + outOfOrder, atMost: 0 },
      { what: `${name}: subscribers' problems`, value: problems.length, atMost: 0 },
    ]),
    ...shared.map(({ name, fetchesPerEvent }) => ({
      what: `${name}: fetches per event`,
      value: fetchesPerEvent,
      atMost: fewest,
    })),
    {
      what: `${largest?.name}: append to frame p99, ms`,
      value: largest?.latency.percentile(99) ?? Number.NaN,
      atMost: BUDGET.p99Ms,
    },
    // Twice, since a busy machine may spread an event's operations over two turns; each for itself would be fifty times
    // as many.
    { what: "50 operations: fetches per event", value: others[0]?.fetchesPerEvent ?? Number.NaN, atMost: 2 * fewest },
    {
      what: "CPU per frame over that of bare ws",
      value: largest ? ratio(largest, floor) : Number.NaN,
      atMost: BUDGET.timesBare,
    },
    {
      what: "CPU per frame of stock over ours",
      value: largest ? 1 / ratio(largest, stock) : Number.NaN,
      atLeast: BUDGET.timesCheaperThanStock,
    },
  ];
  return printVerdict([...lines, ...live.flatMap(({ problems }) => problems.slice(0, 3))], limits);
}
