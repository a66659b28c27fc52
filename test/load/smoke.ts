// `npm run load -- smoke`: 20 tenants, 100 live subscribers, 200 requests a second for 30 s on an embedded platform of its own.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";
import { runArrivals, seededRandom } from "./arrivals.ts";
import { mergeDurations } from "./durations.ts";
import { createLoadClient, type LoadClient } from "./http-client.ts";
import { createOperationLog, type OperationLog } from "./operation-log.ts";
import { attachCard, nextRequest } from "./operations.ts";
import { type Population, populate, type Tenant } from "./population.ts";
import { printReport, type SmokeOutcome } from "./report.ts";
import { sendPlanned } from "./send-planned.ts";
import { createServerProbe, probeSettings, type ServerProbe } from "./server-figures.ts";
import { judgeDelivery, newestSequence, type Subscriber, subscribe } from "./subscribers.ts";

const TENANTS = 20;
const FRESH_EACH = 6;
const SUBSCRIBERS = 100;
/** Compilers and plan caches do their work before the measurement, as in a server that has run for a while. */
const WARM_UP = { perSecond: 100, seconds: 5 };

const OPTIONS = {
  url: { type: "string" },
  rate: { type: "string", default: "200" },
  seconds: { type: "string", default: "30" },
  profile: { type: "string" },
} as const;

/** @param programArguments `--url` of a platform that runs already, `--rate` per second, `--seconds`, `--profile` FILE for a CPU profile */
export async function smoke(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const plan = { perSecond: Number(values.rate), seconds: Number(values.seconds) };
  if (values.url !== undefined) return printReport(await measure(values.url, plan));
  const folder = await temporaryFolder();
  const figuresFile = `${folder.path}/figures.json`;
  const profileFile = values.profile === undefined ? undefined : resolve(values.profile);
  const stack = await startStack("embedded", {
    settings: { LOG_LEVEL: "warn", SEED_DEMO: "false", ...probeSettings(figuresFile, profileFile) },
  });
  try {
    return printReport(
      await measure(stack.url, plan, createServerProbe(stack.processes.gateway.current().pid, figuresFile)),
    );
  } finally {
    await stack.stop();
    await folder.remove();
  }
}

interface Rate {
  readonly perSecond: number;
  readonly seconds: number;
}

async function measure(url: string, rate: Rate, probe?: ServerProbe): Promise<SmokeOutcome> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`setting up ${TENANTS} tenants at ${url}`);
  const population = await populate({ url, mailbox: `${url}/mailbox` }, TENANTS, FRESH_EACH);
  const { tenants } = population;
  const subscribers = await openSubscribers(`${url.replace(/^http/, "ws")}/graphql`, tenants);
  const client = createLoadClient(url);
  try {
    say(`${SUBSCRIBERS} subscribers follow; warming up for ${WARM_UP.seconds} s`);
    await drive(client, population, WARM_UP, createOperationLog(), 1);

    say(`measuring ${rate.perSecond} requests a second for ${rate.seconds} s`);
    const from = await markers(client, tenants, subscribers);
    for (const subscriber of subscribers) subscriber.forget();
    const log = createOperationLog();
    probe?.begin();
    const generator = process.cpuUsage();
    const begun = performance.now();
    const lateness = await drive(client, population, rate, log, 2);
    const used = process.cpuUsage(generator);
    const generatorShare = (used.user + used.system) / 1_000 / (performance.now() - begun);
    const server = await probe?.end();
    const to = await markers(client, tenants, subscribers);

    const delivery = judgeDelivery(subscribers, from, to);
    const commitToFrame = mergeDurations(delivery.latencies);
    return { rate, log, lateness, generatorShare, delivery, commitToFrame, server };
  } finally {
    for (const subscriber of subscribers) subscriber.close();
    client.close();
  }
}

function openSubscribers(socketUrl: string, tenants: readonly Tenant[]): Promise<Subscriber[]> {
  const followed = Array.from({ length: SUBSCRIBERS }, (_, index) => tenants[index % tenants.length]);
  return Promise.all(followed.flatMap((tenant) => (tenant === undefined ? [] : [subscribe(socketUrl, tenant)])));
}

async function drive(client: LoadClient, population: Population, rate: Rate, log: OperationLog, seed: number) {
  const random = seededRandom(seed);
  const { lateness } = await runArrivals({
    ...rate,
    begin: (due) => {
      const { tenant, planned } = nextRequest(population, random);
      return sendPlanned(client, tenant, planned, due, log);
    },
  });
  return lateness;
}

/**
 * One event more in every followed organisation, awaited by all who follow it: the sequence up to which each must have everything.
 * One who does not get it within the deadline has lost it, and is judged by what the others got.
 */
async function markers(client: LoadClient, tenants: readonly Tenant[], subscribers: readonly Subscriber[]) {
  const log = createOperationLog();
  await Promise.all(tenants.map((tenant) => sendPlanned(client, tenant, attachCard(tenant), performance.now(), log)));
  if (log.errors > 0) throw new Error(`a marker failed: ${log.samples.join("; ")}`);
  const newest = () => {
    const sequences = new Map<Tenant, number>();
    for (const subscriber of subscribers) {
      const sequence = newestSequence(subscriber) ?? 0;
      sequences.set(subscriber.tenant, Math.max(sequence, sequences.get(subscriber.tenant) ?? 0));
    }
    return sequences;
  };
  const isMarker = ({ frames }: Subscriber) => frames.at(-1)?.type === "billing.payment_method.attached.v1";
  const settled = () => {
    const sequences = newest();
    return subscribers.every((one) => isMarker(one) && newestSequence(one) === sequences.get(one.tenant));
  };
  await waitFor(settled, { what: "everything to arrive", deadlineMs: 10_000 }).catch(() => false);
  return newest();
}
