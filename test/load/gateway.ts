// `npm run load -- gateway`: the public gateway benchmark. Every server alone in its process, the four subgraphs in
// another, the client in a third; each request comes with its own Authorization header. The servers take turns, round
// after round, and a ratio is the median of those of the rounds: a machine that is slower for a minute is slower for
// all.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../support/stack/stack.ts";
import { type LoadFigures, median, summaryOf } from "./gateway/load-figures.ts";
import { type Subject, sameAnswer, startSubject } from "./gateway/measure.ts";
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
const ROUNDS = 5;
/** In the first round, and in the others. */
const WARM_UP_SECONDS = [3, 0.5] as const;
/** The cost curve's steps are shorter: compilers have done their work. */
const CURVE = { connections: [1, 10, 50, 100, 200], warmUpSeconds: 1, share: 0.4 };
const OURS: readonly ServerName[] = ["own", "unlike", "shared", "entities", "responses"];
const CURVES = OURS;

const OPTIONS = {
  seconds: { type: "string", default: "10" },
  only: { type: "string" },
  flags: { type: "string" },
  profile: { type: "string" },
} as const;

/**
 * @param programArguments `--seconds` of measurement for each server; `--only` names of servers.ts, e.g. stock,own,
 * without the curve and the verdict; `--flags=…` of Node for our gateway instead of those of `npm run start:gateway`;
 * `--profile` FOLDER for CPU profiles
 */
export async function gateway(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const only = values.only?.split(",");
  const seconds = Number(values.seconds);
  const folder = await temporaryFolder();
  const subgraphs = await startSubgraphs();
  const subjects: Subject[] = [];
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
    for (const name of SERVER_NAMES.filter((each) => only?.includes(each) ?? true)) {
      const subject = await startSubject(name, world);
      subjects.push(subject);
      if (subjects.length === 1) await writeFile(world.answerFile, subject.text);
    }
    const measured = await takeTurns(subjects, seconds / ROUNDS);
    const curves = only === undefined ? await measureCurves(measured, seconds * CURVE.share) : [];
    return printVerdict(
      [...rowTable(measured), "", ...curveTable(curves)],
      only === undefined ? limits(measured, curves) : [],
    );
  } finally {
    for (const subject of subjects) await subject.stop();
    await subgraphs.process.stop();
    await folder.remove();
  }
}

interface Measured {
  readonly subject: Subject;
  /** Of each round. */
  readonly rounds: readonly LoadFigures[];
  readonly summary: LoadFigures;
}

async function takeTurns(subjects: readonly Subject[], seconds: number): Promise<Measured[]> {
  const rounds = subjects.map((): LoadFigures[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    say(`round ${round + 1} of ${ROUNDS}`);
    const warmUpSeconds = WARM_UP_SECONDS[round === 0 ? 0 : 1];
    for (const [index, subject] of subjects.entries()) {
      rounds[index]?.push(await subject.measure({ connections: CONNECTIONS, warmUpSeconds, seconds }));
    }
  }
  return subjects.map((subject, index) => {
    const own = rounds[index] ?? [];
    return { subject, rounds: own, summary: summaryOf(own) };
  });
}

interface Curve {
  readonly name: ServerName;
  readonly steps: readonly LoadFigures[];
}

async function measureCurves(measured: readonly Measured[], seconds: number): Promise<Curve[]> {
  const curves: Curve[] = [];
  for (const { subject } of measured.filter(({ subject: { name } }) => CURVES.includes(name))) {
    say(`cost curve: ${SERVERS[subject.name]}`);
    const steps: LoadFigures[] = [];
    for (const connections of CURVE.connections) {
      steps.push(await subject.measure({ connections, warmUpSeconds: CURVE.warmUpSeconds, seconds }));
    }
    curves.push({ name: subject.name, steps });
  }
  return curves;
}

/** How many times the other's rate: the median over the rounds. */
function times(one: Measured | undefined, other: Measured | undefined): number {
  const ratios = one?.rounds.map(({ perSecond }, round) => perSecond / (other?.rounds[round]?.perSecond ?? Number.NaN));
  return median(ratios ?? []);
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
  const rows = measured.map((each) => {
    const { name, text } = each.subject;
    const main = each.summary;
    return [
      SERVERS[name],
      figure(main.perSecond, 0),
      figure(times(each, first), 2),
      ...[main.p50Ms, main.p95Ms, main.p99Ms].map((ms) => figure(ms)),
      figure(main.cpuMsPerRequest, 3),
      figure(main.rssMb, 0),
      figure(main.peakRssMb, 0),
      figure(main.fetchesPerRequest, 2),
      first !== undefined && sameAnswer(first.subject.text, text) ? "yes" : "NO",
      String(main.errors),
      `${figure(main.clientShare * 100, 0)} %`,
    ];
  });
  return [
    `${CONNECTIONS} connections, an answer of ${Buffer.byteLength(first?.subject.text ?? "")} bytes`,
    ...table([head, ...rows]),
  ];
}

function curveTable(curves: readonly Curve[]): string[] {
  return curves.flatMap(({ name, steps }) => {
    const head = [SERVERS[name], "req/s", "p50 ms", "p95", "p99", "CPU ms/req", "RSS MB", "fetches", "errors"];
    const rows = steps.map((step, index) => [
      `${CURVE.connections[index]} connections`,
      figure(step.perSecond, 0),
      ...[step.p50Ms, step.p95Ms, step.p99Ms].map((ms) => figure(ms)),
      figure(step.cpuMsPerRequest, 3),
      figure(step.rssMb, 0),
      figure(step.fetchesPerRequest, 2),
      String(step.errors),
    ]);
    return [...table([head, ...rows]), ""];
  });
}

function limits(measured: readonly Measured[], curves: readonly Curve[]): Limit[] {
  const of = (name: ServerName) => measured.find(({ subject }) => subject.name === name);
  const stock = of("stock");
  const all = [
    ...measured.map(({ subject, rounds }) => ({ name: subject.name, runs: rounds })),
    ...curves.map(({ name, steps }) => ({ name, runs: steps })),
  ];
  const most = (pick: (figures: LoadFigures) => number, names: readonly ServerName[]) =>
    Math.max(...all.flatMap(({ name, runs }) => (names.includes(name) ? runs.map(pick) : [])));
  const factors = Object.entries(BUDGET.timesStock);
  return [
    ...SERVER_NAMES.flatMap((name) => {
      const [, atLeast] = factors.find(([key]) => key === name) ?? [];
      return atLeast === undefined
        ? []
        : [{ what: `${SERVERS[name]}, times stock`, value: times(of(name), stock), atLeast }];
    }),
    { what: "ours, resident MB at most", value: most((run) => run.peakRssMb, OURS), atMost: BUDGET.rssMb },
    { what: "failed requests", value: most((run) => run.errors, SERVER_NAMES), atMost: 0 },
    {
      what: "answers unlike the stock one's",
      value: measured.filter(({ subject }) => stock === undefined || !sameAnswer(stock.subject.text, subject.text))
        .length,
      atMost: 0,
    },
  ];
}
