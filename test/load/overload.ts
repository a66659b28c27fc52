// `npm run load -- overload`: how much a platform does at most, and what it does when it is asked for five times as
// much: what is answered, how fast, what becomes of each command, and how soon it is over. On an embedded platform of
// its own.
import { parseArgs } from "node:util";
import { Client } from "pg";
import { temporaryFolder } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { callerOf, runCrowd } from "./crowd/crowd.ts";
import type { Crowd, CrowdFigures } from "./crowd/crowd-figures.ts";
import { createDurations, mergeDurations } from "./durations.ts";
import { figure, printDemands, say, table } from "./live/verdict.ts";
import { populate, type Tenant } from "./population.ts";
import { createServerProbe, probeSettings, type ServerFigures } from "./server-figures.ts";

const TENANTS = 20;
const BUDGET = { goodput: 0.8, timesPeakLatency: 2, timesCalmLatency: 2, backSeconds: 5 };
const OPTIONS = {
  seconds: { type: "string", default: "20" },
  times: { type: "string", default: "5" },
  writes: { type: "string", default: "0.5" },
  profile: { type: "string" },
} as const;
/** Compilers and plan caches do their work before the measurement, as in a server that has run for a while. */
const WARM_UP_SECONDS = 10;
const CONNECTIONS = [4, 8, 16, 32, 64];
/** For each number of connections; the best one is then measured for as long as the overload lasts. */
const TRY_SECONDS = 5;
const CALM = { share: 0.1, seconds: 8 };
const LONGEST_SECONDS = 60;
const SETTLE_MS = 60_000;

/**
 * @param programArguments `--seconds` of overload (up to 60), `--times` the peak, `--writes` as a share of the calls,
 * `--profile` FILE for a CPU profile of the server under overload
 */
export async function overload(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const folder = await temporaryFolder();
  const figuresFile = `${folder.path}/figures.json`;
  const stack = await startStack("embedded", {
    settings: {
      NODE_ENV: "production",
      LOG_LEVEL: "fatal",
      SEED_DEMO: "false",
      ...probeSettings(figuresFile, values.profile),
    },
  });
  const databases = {
    billing: new Client({ connectionString: stack.databaseOf("billing") }),
    audit: new Client({ connectionString: stack.databaseOf("audit") }),
  };
  try {
    await Promise.all([databases.billing.connect(), databases.audit.connect()]);
    say(`setting up ${TENANTS} organisations at ${stack.url}`);
    const { tenants } = await populate(stack, TENANTS, 0);
    const counted = createCounting(databases, tenants);
    const before = await counted();
    const calls = { url: stack.url, callers: tenants.map(callerOf), writes: Number(values.writes), resend: false };

    say(`warming up for ${WARM_UP_SECONDS} s, then looking for the peak`);
    const warmUp = await runCrowd({ ...calls, seconds: WARM_UP_SECONDS, arrivals: { kind: "closed", connections: 8 } });
    const seconds = Math.min(LONGEST_SECONDS, Number(values.seconds));
    const peak = await findPeak(calls, seconds);
    const open = (perSecond: number, seconds: number) =>
      runCrowd({ ...calls, seconds, arrivals: { kind: "open", perSecond } });
    say(`peak ${figure(peak.perSecond, 0)} a second with ${peak.connections} at once; calm at ${CALM.share * 100} %`);
    const calm = await open(peak.perSecond * CALM.share, CALM.seconds);

    const offered = peak.perSecond * Number(values.times);
    say(`${figure(offered, 0)} a second for ${seconds} s`);
    const probe = createServerProbe(stack.processOf("gateway").current().pid, figuresFile);
    probe.begin();
    const over = await open(offered, seconds);
    const server = await probe.end();
    // A process of its own begins meanwhile: what is left of the five seconds.
    await new Promise((resolve) => setTimeout(resolve, BUDGET.backSeconds * 1_000));
    const back = await open(peak.perSecond * CALM.share, CALM.seconds);

    const phases = [warmUp, ...peak.figures, calm, over, back];
    const left = phases.flatMap(({ refusedCommands, unknownCommands }) => [...refusedCommands, ...unknownCommands]);
    say(`sending ${left.length} commands again that were refused`);
    const again = await runCrowd({
      ...{ ...calls, resend: true, writes: 1, seconds: 0, commands: left },
      arrivals: { kind: "closed", connections: 8 },
    });
    const asked = new Set([...phases, again].flatMap(({ carriedOut }) => carriedOut.map(({ key }) => key))).size;
    const recorded = async () => {
      const { committed, audited } = await counted();
      return audited >= committed;
    };
    await waitFor(recorded, { what: "all audit entries", deadlineMs: SETTLE_MS, intervalMs: 200 }).catch(() => false);
    const after = await counted();
    return report({
      ...{ peak, calm, over, back, again, server, seconds, offered, asked },
      committed: after.committed - before.committed,
      unaudited: after.committed - after.audited,
      metrics: await admissionOf(stack.url),
    });
  } finally {
    await Promise.all([databases.billing.end(), databases.audit.end()]);
    await stack.stop();
    await folder.remove();
  }
}

interface Peak {
  readonly perSecond: number;
  readonly connections: number;
  /** Of the run at the peak, the last of all. */
  readonly best: CrowdFigures;
  readonly figures: readonly CrowdFigures[];
}

/**
 * What the platform does for `seconds`. In the first of them it does more: relay and audit follow what was committed,
 * and that work is still to come then.
 */
async function findPeak(calls: Omit<Crowd, "arrivals" | "seconds" | "commands">, seconds: number): Promise<Peak> {
  const figures: CrowdFigures[] = [];
  async function measure(connections: number, forSeconds: number) {
    const best = await runCrowd({ ...calls, seconds: forSeconds, arrivals: { kind: "closed", connections } });
    figures.push(best);
    return { perSecond: (best.reads.length + best.writes.length) / forSeconds, connections, best };
  }
  const tried: Peak[] = [];
  for (const connections of CONNECTIONS) tried.push({ ...(await measure(connections, TRY_SECONDS)), figures });
  say(tried.map(({ perSecond, connections }) => `${connections} at once ${figure(perSecond, 0)}/s`).join(", "));
  const highest = tried.reduce((one, other) => (other.perSecond > one.perSecond ? other : one));
  return { ...(await measure(highest.connections, seconds)), figures };
}

interface Counted {
  /** Cards that were attached. */
  readonly committed: number;
  /** Entries that say so. */
  readonly audited: number;
}

function createCounting({ billing, audit }: Record<"billing" | "audit", Client>, tenants: readonly Tenant[]) {
  const accounts = tenants.map(({ accountId }) => accountId);
  const organizations = tenants.map(({ organizationId }) => organizationId);
  return async (): Promise<Counted> => {
    const cards = await billing.query<{ count: string }>(
      "SELECT count(*) FROM payment_method WHERE account_id = ANY($1)",
      [accounts],
    );
    const entries = await audit.query<{ count: string }>(
      "SELECT count(*) FROM audit_entry WHERE tenant_id = ANY($1) AND action = 'billing.payment_method.attached'",
      [organizations],
    );
    return { committed: Number(cards.rows[0]?.count), audited: Number(entries.rows[0]?.count) };
  };
}

async function admissionOf(url: string): Promise<readonly string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => /^tributary_admission_(refused|limit|admitted)/.test(line));
  return lines.filter((line) => !line.endsWith(" 0"));
}

interface Outcome {
  /** Commands that the database holds. */
  readonly committed: number;
  /** Cards, those from before included, without an entry; negative: entries without a card. */
  readonly unaudited: number;
  readonly peak: Peak;
  readonly calm: CrowdFigures;
  readonly over: CrowdFigures;
  readonly back: CrowdFigures;
  readonly again: CrowdFigures;
  readonly server: ServerFigures;
  readonly seconds: number;
  /** A second. */
  readonly offered: number;
  /** Distinct commands that were answered as carried out. */
  readonly asked: number;
  readonly metrics: readonly string[];
}

const latencies = ({ reads, writes }: CrowdFigures) => mergeDurations([reads, writes]);

function percentileOf(values: readonly number[], percent: number): number {
  const durations = createDurations();
  for (const value of values) durations.record(value);
  return durations.percentile(percent);
}

function report(outcome: Outcome): number {
  const { peak, calm, over, back, again, server, seconds, offered, asked, committed, unaudited, metrics } = outcome;
  const row = (name: string, figures: CrowdFigures) => [
    name,
    String(figures.sent),
    String(figures.reads.length + figures.writes.length),
    String(figures.refused),
    String(figures.failed),
    ...[50, 99]
      .flatMap((part) => [percentileOf(figures.reads, part), percentileOf(figures.writes, part)])
      .map((ms) => figure(ms)),
    `${Math.round(figures.cpuShare * 100)} %`,
  ];
  const goodput = (over.reads.length + over.writes.length) / seconds;
  const lines = [
    ...table([
      ["", "sent", "answered", "refused", "failed", "reads p50", "writes p50", "reads p99", "writes p99", "client CPU"],
      row(`peak, ${figure(peak.perSecond, 0)}/s`, peak.best),
      row("calm", calm),
      row(`overload, ${figure(offered, 0)}/s`, over),
      row("afterwards", back),
      row("sent again", again),
    ]),
    "",
    `goodput        ${figure(goodput, 0)} a second of ${figure(peak.perSecond, 0)} at the peak; second by second ${over.perSecond.join(" ")}`,
    `server         ${Math.round(server.cpuShare * 100)} % of a core, loop delay p50 ${figure(server.loopDelayP50Ms)} ms, p99 ${figure(server.loopDelayP99Ms)} ms`,
    `generator      late p99 ${figure(over.lateMs ?? Number.NaN)} ms`,
    `commands       ${asked} answered as carried out, ${committed} in the database, ${unaudited} without an audit entry`,
    ...metrics,
    ...[peak.best, over, back, again].flatMap(({ samples }) => samples.map((sample) => `failed         ${sample}`)),
  ];
  const p99 = (figures: CrowdFigures) => latencies(figures).percentile(99);
  return printDemands(lines, [
    { what: "goodput, share of the peak", value: goodput / peak.perSecond, atLeast: BUDGET.goodput },
    {
      what: "p99 of what is answered, times that at the peak",
      value: p99(over) / p99(peak.best),
      atMost: BUDGET.timesPeakLatency,
    },
    { what: "calls that failed otherwise than by a refusal", value: over.failed + back.failed, atMost: 0 },
    { what: "refusals", value: over.refused, atLeast: 1 },
    { what: "refusals without `Retry-After`", value: over.withoutRetryAfter, atMost: 0 },
    { what: "commands lost", value: Math.max(0, asked - committed), atMost: 0 },
    { what: "commands carried out twice", value: Math.max(0, committed - asked), atMost: 0 },
    { what: "commands without an audit entry, or entries without one", value: Math.abs(unaudited), atMost: 0 },
    { what: "commands still refused when sent again", value: again.refusedCommands.length, atMost: 0 },
    { what: `refusals ${BUDGET.backSeconds} s afterwards`, value: back.refused, atMost: 0 },
    {
      what: `p95 ${BUDGET.backSeconds} s afterwards, times that before`,
      value: latencies(back).percentile(95) / latencies(calm).percentile(95),
      atMost: BUDGET.timesCalmLatency,
    },
  ]);
}
