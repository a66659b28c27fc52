// `npm run load -- hostile`: what each of the documents costs that are meant to stall a gateway; then 20 of them a
// second, beside 100 good requests a second of others.
import { parseArgs } from "node:util";
import { ACCOUNTS, hostileDocuments } from "../integration/gateway/limits/hostile-documents.ts";
import { temporaryFolder } from "../support/stack/stack.ts";
import { runArrivals } from "./arrivals.ts";
import { startDistributedStack } from "./distributed-stack.ts";
import { createDurations, type Durations } from "./durations.ts";
import { type DocumentCost, measureHostileCosts } from "./hostile-costs.ts";
import type { LoadClient } from "./http-client.ts";
import { figure, printVerdict, say, table } from "./live/verdict.ts";
import { type MixedWorld, type Rate, runMixedLoad } from "./mixed-load.ts";
import { figuresFile } from "./platform/server-processes.ts";
import { clientLines, latencyTable } from "./report.ts";
import { createServerProbe, probeSettings, type ServerFigures } from "./server-figures.ts";

const TENANTS = 6;
const WARM_UP = { perSecond: 100, seconds: 5 };
const BUDGET = { goodP99Ms: 100, loopDelayP99Ms: 50, documentMs: 5 };
const SHOWN_COSTS = 12;
/** What a gateway may say to them. Anything else is a fault of it. */
const ANSWERS: readonly number[] = [200, 400, 413, 429];

const OPTIONS = {
  good: { type: "string", default: "100" },
  hostile: { type: "string", default: "20" },
  seconds: { type: "string", default: "30" },
  rounds: { type: "string", default: "25" },
} as const;

/**
 * @param programArguments `--rounds` that each document is measured, `0` for none of it; `--good` and `--hostile`
 * requests per second, `--seconds`, `0` for no attack
 */
export async function hostile(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const costly = Number(values.rounds) > 0 ? await costs(Number(values.rounds)) : 0;
  return Math.max(costly, Number(values.seconds) > 0 ? await attackBeside(values) : 0);
}

async function costs(rounds: number): Promise<number> {
  say(`each document ${rounds} times, one after the other`);
  const measured = await measureHostileCosts(rounds);
  const over = measured.hostile.filter(({ main }) => main.percentile(50) > BUDGET.documentMs);
  const rows = (costs: readonly DocumentCost[]) =>
    costs.map(({ graph, name, main, all, answer }) => [
      `${graph}: ${name}`,
      ...[main, all].flatMap((durations) => [figure(durations.percentile(50)), figure(durations.percentile(100))]),
      answer,
    ]);
  const head = ["main p50", "max", "all threads p50", "max", "answer"];
  const lines = [
    ...table([
      [`processor ms, the dearest of ${measured.hostile.length}`, ...head],
      ...rows(measured.hostile.slice(0, SHOWN_COSTS)),
    ]),
    "",
    ...table([["valid and large, planned anew each time", ...head], ...rows(measured.large)]),
  ];
  const [dearest] = measured.hostile;
  return printVerdict(lines, [
    { what: `hostile documents above ${BUDGET.documentMs} ms`, value: over.length, atMost: 0 },
    {
      what: `main thread's ms for ${dearest?.name ?? "a document"}, median`,
      value: dearest?.main.percentile(50) ?? Number.NaN,
      atMost: BUDGET.documentMs,
    },
  ]);
}

async function attackBeside(values: Readonly<Record<"good" | "hostile" | "seconds", string>>): Promise<number> {
  const seconds = Number(values.seconds);
  const folder = await temporaryFolder();
  const stack = await startDistributedStack({
    settings: { LOG_LEVEL: "error", ...probeSettings(figuresFile(folder.path), undefined) },
  });
  const probe = createServerProbe(stack.processOf("gateway").current().pid, figuresFile(folder.path));
  let server: ServerFigures | undefined;
  let attack: Promise<AttackOutcome> | undefined;
  try {
    const outcome = await runMixedLoad({
      platform: stack,
      socketUrl: stack.socketUrl,
      tenants: TENANTS,
      freshEach: 1,
      subscribers: TENANTS,
      warmUp: WARM_UP,
      rate: { perSecond: Number(values.good), seconds },
      async begin(world) {
        say(`${values.hostile} hostile documents a second beside them`);
        probe.begin();
        attack = runAttack(world, { perSecond: Number(values.hostile), seconds });
      },
      async end() {
        await attack;
        server = await probe.end();
      },
    });
    if (server === undefined || attack === undefined) throw new Error("the measurement did not end");
    const { latencies, odd, sent } = await attack;
    const { log } = outcome;
    const dearest = [...latencies].toSorted(([, a], [, b]) => b.percentile(100) - a.percentile(100)).slice(0, 8);
    const lines = [
      ...latencyTable(outcome),
      "",
      ...table([
        ["slowest hostile documents, ms", "count", "p50", "max"],
        ...dearest.map(([name, durations]) => [
          name,
          String(durations.count),
          figure(durations.percentile(50)),
          figure(durations.percentile(100)),
        ]),
      ]),
      "",
      ...clientLines(outcome),
      `gateway        CPU ${figure(server.cpuShare * 100, 0)} % of a core, loop delay p50 ${figure(server.loopDelayP50Ms)} ms, p99 ${figure(server.loopDelayP99Ms)} ms, max ${figure(server.loopDelayMaxMs)} ms, ${figure(server.peakRssMb, 0)} MB at most`,
      ...[...odd].map((what) => `odd answer     ${what}`),
      ...log.samples.map((sample) => `error          ${sample}`),
    ];
    return printVerdict(lines, [
      { what: "good reads p99, ms", value: log.reads.percentile(99), atMost: BUDGET.goodP99Ms },
      { what: "good writes p99, ms", value: log.writes.percentile(99), atMost: BUDGET.goodP99Ms },
      { what: "gateway's loop delay p99, ms", value: server.loopDelayP99Ms, atMost: BUDGET.loopDelayP99Ms },
      { what: "good requests that failed", value: log.errors, atMost: 0 },
      { what: "kinds of odd answers to hostile documents", value: odd.size, atMost: 0 },
      { what: "hostile documents sent", value: sent, atLeast: 1 },
    ]);
  } finally {
    await stack.stop();
    await folder.remove();
  }
}

interface AttackOutcome {
  readonly sent: number;
  readonly latencies: ReadonlyMap<string, Durations>;
  /** Answers that no document should get, each kind once. */
  readonly odd: ReadonlySet<string>;
}

/** Of somebody who is signed in: strangers are stopped earlier. */
async function runAttack({ client, population }: MixedWorld, rate: Rate): Promise<AttackOutcome> {
  const documents = hostileDocuments(ACCOUNTS);
  const token = population.tenants.at(-1)?.member.accessToken ?? "";
  const latencies = new Map<string, Durations>();
  const odd = new Set<string>();
  let sent = 0;
  await runArrivals({
    ...rate,
    async begin(due) {
      const [name, make] = documents[sent % documents.length] ?? [];
      sent += 1;
      if (name === undefined || make === undefined) return;
      const { query, variables = "{}" } = make(sent);
      const said = await send(client, token, `{ "query": ${JSON.stringify(query)}, "variables": ${variables} }`);
      const durations = latencies.get(name) ?? createDurations();
      latencies.set(name, durations);
      durations.record(performance.now() - due);
      if (said !== undefined) odd.add(`${name}: ${said}`);
    },
  });
  return { sent, latencies, odd };
}

/** @returns what is odd about the answer */
async function send(client: LoadClient, token: string, body: string): Promise<string | undefined> {
  try {
    const { status, text } = await client.post(token, body);
    if (ANSWERS.includes(status) && !text.includes("INTERNAL_SERVER_ERROR")) return undefined;
    return `HTTP ${status}: ${text.slice(0, 120)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
