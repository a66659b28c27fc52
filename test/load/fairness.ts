// `npm run load -- fairness`: twenty organisations write once a second each, first alone, then beside one whose
// programs send 300 writes at once and catch up on a long backlog 50 times over. What do the twenty notice? On an
// embedded platform of its own.
import { parseArgs } from "node:util";
import { Client } from "pg";
import { temporaryFolder } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { runArrivals } from "./arrivals.ts";
import { callerOf, runCrowd, startCrowd } from "./crowd/crowd.ts";
import type { CrowdFigures } from "./crowd/crowd-figures.ts";
import { type CatchUpFigures, startCatchUps } from "./fairness/catch-ups.ts";
import { createLoadClient, type LoadClient } from "./http-client.ts";
import { openStream } from "./live/stream-client.ts";
import { figure, printDemands, say, table } from "./live/verdict.ts";
import { createOperationLog, type OperationLog } from "./operation-log.ts";
import { attachCard } from "./operations.ts";
import { populate, type Tenant } from "./population.ts";
import { sendPlanned } from "./send-planned.ts";
import { createServerProbe, probeSettings, type ServerFigures } from "./server-figures.ts";
import { headOf, readHeads } from "./stream-heads.ts";

const OTHERS = 20;
const BUDGET = { timesAlone: 2 };
const OPTIONS = {
  seconds: { type: "string", default: "60" },
  writes: { type: "string", default: "300" },
  "catch-ups": { type: "string", default: "50" },
  profile: { type: "string" },
} as const;
/** Compilers and plan caches do their work before the measurement, as in a server that has run for a while. */
const WARM_UP_SECONDS = 10;
const BACKLOG_SECONDS = 10;
const LONGEST_SECONDS = 120;
/** The flood is under way before the others are measured beside it. */
const FLOOD_FIRST_MS = 5_000;

/**
 * @param programArguments `--seconds` of each of the two measurements (up to 120), `--writes` and `--catch-ups` of the
 * one organisation at once, `--profile` FILE for a CPU profile of the server beside the flood
 */
export async function fairness(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const load = {
    seconds: Math.min(LONGEST_SECONDS, Number(values.seconds)),
    writes: Number(values.writes),
    catchUps: Number(values["catch-ups"]),
  };
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
  const billing = new Client({ connectionString: stack.databaseOf("billing") });
  const client = createLoadClient(stack.url);
  try {
    await billing.connect();
    say(`setting up ${OTHERS + 1} organisations at ${stack.url}`);
    const [busy, ...others] = (await populate(stack, OTHERS + 1, 0)).tenants;
    if (busy === undefined) throw new Error("nobody is busy");
    const cursor = await cursorOf(stack.socketUrl, busy);

    say(`warming up for ${WARM_UP_SECONDS} s; a backlog is written for ${BACKLOG_SECONDS} s`);
    await measureOthers(client, others, WARM_UP_SECONDS);
    const writing = { url: stack.url, callers: [callerOf(busy)], writes: 1, resend: true };
    await runCrowd({ ...writing, seconds: BACKLOG_SECONDS, arrivals: { kind: "closed", connections: 8 } });
    const until = headOf(await readHeads(billing), busy);

    const probe = createServerProbe(stack.processOf("gateway").current().pid, figuresFile);
    const measured = async () => {
      probe.begin();
      const { log, share } = await measureOthers(client, others, load.seconds);
      return { log, share, server: await probe.end() };
    };
    say(`${OTHERS} organisations, a write a second each, alone for ${load.seconds} s`);
    const alone = await measured();

    const seconds = load.seconds + FLOOD_FIRST_MS / 1_000;
    const { member, organizationId } = busy;
    say(
      `the same beside ${load.writes} writes at once and ${load.catchUps} catch-ups on ${until} events of another one`,
    );
    const flood = await startCrowd({ ...writing, seconds, arrivals: { kind: "closed", connections: load.writes } });
    const catchUps = await startCatchUps({
      ...{ socketUrl: stack.socketUrl, token: member.accessToken, organizationId, cursor, until, seconds },
      count: load.catchUps,
    });
    await new Promise((resolve) => setTimeout(resolve, FLOOD_FIRST_MS));
    const beside = await measured();
    const outcome = { alone, beside, flood: await flood.figures(), catchUps: await catchUps.figures() };
    return report({ ...outcome, metrics: await admissionOf(stack.url) });
  } finally {
    client.close();
    await billing.end();
    await stack.stop();
    await folder.remove();
  }
}

interface Measurement {
  readonly log: OperationLog;
  /** Of a core, of the process that measures. */
  readonly share: number;
  readonly server: ServerFigures;
}

interface Outcome {
  readonly alone: Measurement;
  readonly beside: Measurement;
  readonly flood: CrowdFigures;
  readonly catchUps: CatchUpFigures;
  /** Of the server's admission. */
  readonly metrics: readonly string[];
}

async function measureOthers(client: LoadClient, others: readonly Tenant[], seconds: number) {
  const log = createOperationLog();
  const before = process.cpuUsage();
  const begun = performance.now();
  let next = 0;
  await runArrivals({
    perSecond: others.length,
    seconds,
    begin(due) {
      const tenant = others[next % others.length];
      next += 1;
      if (tenant === undefined) throw new Error("there are no others");
      return sendPlanned(client, tenant, attachCard(tenant), due, log);
    },
  });
  const { user, system } = process.cpuUsage(before);
  return { log, share: (user + system) / 1_000 / (performance.now() - begun) };
}

/** Where the organisation's events end now. */
async function cursorOf(url: string, { member, organizationId: org }: Tenant): Promise<string> {
  const operation = {
    query: "subscription ($org: ID!) { billingEvents(organizationId: $org) { sequence } }",
    variables: { org },
  };
  const stream = await openStream({ url, announced: true, token: member.accessToken, operation });
  stream.drop();
  if (stream.cursor === undefined) throw new Error("a stream began without a cursor");
  return stream.cursor;
}

async function admissionOf(url: string): Promise<readonly string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split("\n")
    .filter(
      (line) =>
        /^tributary_admission_(refused|limit|tenant_share|admitted|wait_seconds)/.test(line) && !line.endsWith(" 0"),
    );
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

function report({ alone, beside, flood, catchUps, metrics }: Outcome): number {
  const row = (name: string, { log: { writes, errors } }: Measurement) => [
    name,
    String(writes.count),
    ...[50, 95, 99, 100].map((part) => figure(writes.percentile(part))),
    String(errors),
  ];
  const server = ({ loopDelayP50Ms, loopDelayP99Ms, loopDelayMaxMs, cpuShare, ...rest }: ServerFigures) =>
    `${percent(cpuShare)} of a core, loop delay p50 ${figure(loopDelayP50Ms)} ms, p99 ${figure(loopDelayP99Ms)} ms, max ${figure(loopDelayMaxMs)} ms, longest collection ${figure(rest.longestCollectionMs)} ms`;
  const times = beside.log.writes.percentile(99) / alone.log.writes.percentile(99);
  const lines = [
    ...table([
      ["others' writes, ms", "count", "p50", "p95", "p99", "max", "errors"],
      row("alone", alone),
      row("beside the flood", beside),
    ]),
    "",
    `server alone   ${server(alone.server)}`,
    `beside         ${server(beside.server)}`,
    `clients' CPU   others ${percent(alone.share)} alone, ${percent(beside.share)} beside; the flood's ${percent(flood.cpuShare)}, the catch-ups' ${percent(catchUps.cpuShare)} of a core`,
    `flood          ${flood.carriedOut.length} writes carried out, ${flood.refused} refusals of ${flood.sent} calls, ${flood.resent} carried out when they were sent again`,
    `catch-ups      ${catchUps.frames} frames, ${catchUps.rounds} times to the end`,
    ...metrics,
    ...[...beside.log.samples, ...flood.samples, ...catchUps.problems].map((problem) => `problem        ${problem}`),
  ];
  return printDemands(lines, [
    { what: "others' p99 beside the flood, times their p99 alone", value: times, atMost: BUDGET.timesAlone },
    { what: "failures of the others", value: alone.log.errors + beside.log.errors, atMost: 0 },
    { what: "refusals of the flood, 503 or 429", value: flood.refused, atLeast: 1 },
    { what: "refusals without `Retry-After`", value: flood.withoutRetryAfter, atMost: 0 },
    {
      what: "writes of the flood that were refused and not carried out later",
      value: flood.refusedCommands.length + flood.unknownCommands.length,
      atMost: 0,
    },
    { what: "catch-ups that had everything", value: catchUps.rounds, atLeast: 1 },
    { what: "problems of catch-ups", value: catchUps.problems.length, atMost: 0 },
  ]);
}
