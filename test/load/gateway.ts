// `npm run load -- gateway`: the public gateway benchmark. Every server alone in its process, the four subgraphs in another, the
// client in a third; each request comes with its own Authorization header.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../support/stack/stack.ts";
import type { LoadFigures } from "./gateway/load-figures.ts";
import { type Measured, measure, sameAnswer } from "./gateway/measure.ts";
import {
  type GatewayWorld,
  SERVER_NAMES,
  SERVERS,
  type ServerName,
  startFlags,
  startSubgraphs,
} from "./gateway/servers.ts";
import { composeShopGraph } from "./gateway/supergraph.ts";
import { figure, type Limit, printVerdict, say, table } from "./live/verdict.ts";

const BUDGET = {
  timesStock: { own: 6, shared: 10, entities: 20, responses: 120 },
  rssMb: 450,
} satisfies { timesStock: Partial<Record<ServerName, number>>; rssMb: number };
const CONNECTIONS = 50;
const WARM_UP_SECONDS = 3;
/** The cost curve's steps are shorter: compilers have done their work. */
const CURVE = { connections: [1, 10, 50, 100, 200], warmUpSeconds: 1, share: 0.4 };
const OURS: readonly ServerName[] = ["own", "unlike", "shared", "entities", "responses"];
const CURVES = OURS;

const OPTIONS = {
  seconds: { type: "string", default: "8" },
  only: { type: "string" },
  flags: { type: "string" },
  profile: { type: "string" },
} as const;

/**
 * @param programArguments `--seconds` of a measurement; `--only` names of servers.ts, e.g. stock,own, without the curve and the verdict;
 *   `--flags=…` of Node for our gateway instead of those of `npm run start:gateway`; `--profile` FOLDER for CPU profiles
 */
export async function gateway(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const only = values.only?.split(",");
  const seconds = Number(values.seconds);
  const folder = await temporaryFolder();
  const subgraphs = await startSubgraphs();
  try {
    const world: GatewayWorld = {
      supergraphFile: `${folder.path}/supergraph.graphql`,
      unlikeFile: `${folder.path}/unlike.graphql`,
      hintedFile: `${folder.path}/hinted.graphql`,
      answerFile: `${folder.path}/answer.json`,
      subgraphsUrl: subgraphs.url,
      flags: values.flags?.split(" ") ?? startFlags(),
      profile: values.profile === undefined ? undefined : resolve(values.profile),
    };
    const { url } = subgraphs;
    await writeFile(world.supergraphFile, composeShopGraph({ base: url, cacheHints: false }));
    await writeFile(world.unlikeFile, composeShopGraph({ base: `${url}/unlike`, cacheHints: false }));
    await writeFile(world.hintedFile, composeShopGraph({ base: url, cacheHints: true }));
    say(`our flags of Node: ${world.flags.join(" ")}`);
    const measured: Measured[] = [];
    for (const name of SERVER_NAMES.filter((each) => only?.includes(each) ?? true)) {
      say(`measuring: ${SERVERS[name]}`);
      const main = { connections: CONNECTIONS, warmUpSeconds: WARM_UP_SECONDS, seconds };
      const { warmUpSeconds, share } = CURVE;
      const curve = CURVE.connections.map((connections) => ({ connections, warmUpSeconds, seconds: seconds * share }));
      const curved = only === undefined && CURVES.includes(name);
      const result = await measure(name, world, curved ? [main, ...curve] : [main]);
      if (measured.length === 0) await writeFile(world.answerFile, result.text);
      measured.push(result);
    }
    return printVerdict(
      [...rowTable(measured), "", ...curveTable(measured)],
      only === undefined ? limits(measured) : [],
    );
  } finally {
    await subgraphs.process.stop();
    await folder.remove();
  }
}

function rowTable(measured: readonly Measured[]): string[] {
  const [first] = measured;
  const head = [
    "",
    "req/s",
    "ratio",
    "p50 ms",
    "p95",
    "p99",
    "CPU ms/req",
    "RSS MB",
    "most",
    "fetches",
    "equal",
    "errors",
    "client",
  ];
  const rows = measured.map(({ name, text, runs: [main] }) => {
    if (main === undefined || first === undefined) return [SERVERS[name]];
    const ratio = main.perSecond / (first.runs[0]?.perSecond ?? Number.NaN);
    return [
      SERVERS[name],
      figure(main.perSecond, 0),
      figure(ratio, 2),
      ...[main.p50Ms, main.p95Ms, main.p99Ms].map((ms) => figure(ms)),
      figure(main.cpuMsPerRequest, 2),
      figure(main.rssMb, 0),
      figure(main.peakRssMb, 0),
      figure(main.fetchesPerRequest, 2),
      sameAnswer(first.text, text) ? "yes" : "NO",
      String(main.errors),
      `${figure(main.clientShare * 100, 0)} %`,
    ];
  });
  return [
    `${CONNECTIONS} connections, an answer of ${Buffer.byteLength(first?.text ?? "")} bytes`,
    ...table([head, ...rows]),
  ];
}

function curveTable(measured: readonly Measured[]): string[] {
  return measured.flatMap(({ name, runs: [, ...curve] }) => {
    if (curve.length === 0) return [];
    const head = [SERVERS[name], "req/s", "p50 ms", "p95", "p99", "CPU ms/req", "RSS MB", "fetches", "errors"];
    const rows = curve.map((step, index) => [
      `${CURVE.connections[index]} connections`,
      figure(step.perSecond, 0),
      ...[step.p50Ms, step.p95Ms, step.p99Ms].map((ms) => figure(ms)),
      figure(step.cpuMsPerRequest, 2),
      figure(step.rssMb, 0),
      figure(step.fetchesPerRequest, 2),
      String(step.errors),
    ]);
    return [...table([head, ...rows]), ""];
  });
}

function limits(measured: readonly Measured[]): Limit[] {
  const of = (name: ServerName) => measured.find((each) => each.name === name);
  const rate = (name: ServerName) => of(name)?.runs[0]?.perSecond ?? Number.NaN;
  const stock = of("stock");
  const most = (pick: (figures: LoadFigures) => number, names: readonly ServerName[]) =>
    Math.max(...names.flatMap((name) => of(name)?.runs.map(pick) ?? [Number.NaN]));
  const factors = Object.entries(BUDGET.timesStock);
  return [
    ...SERVER_NAMES.flatMap((name) => {
      const [, atLeast] = factors.find(([key]) => key === name) ?? [];
      return atLeast === undefined
        ? []
        : [{ what: `${SERVERS[name]}, times stock`, value: rate(name) / rate("stock"), atLeast }];
    }),
    { what: "ours, resident MB at most", value: most((run) => run.peakRssMb, OURS), atMost: BUDGET.rssMb },
    { what: "failed requests", value: most((run) => run.errors, SERVER_NAMES), atMost: 0 },
    {
      what: "answers unlike the stock one's",
      value: measured.filter(({ text }) => stock === undefined || !sameAnswer(stock.text, text)).length,
      atMost: 0,
    },
  ];
}
