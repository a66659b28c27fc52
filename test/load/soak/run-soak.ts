// A platform of four processes under traffic while processes, connections and its broker die and poison comes by. In
// the first half processes are killed, too; in the second half they live on, and what they hold is measured.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { newFounders } from "../../support/client/founders.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { openLogBeside } from "../../support/stack/event-log-beside.ts";
import { type Stack, temporaryFolder } from "../../support/stack/stack.ts";
import { startStack } from "../../support/stack/start-stack.ts";
import { compareStores, type StoreComparison } from "../../support/stack/stores.ts";
import { waitFor } from "../../support/wait.ts";
import { processNames } from "../platform/server-processes.ts";
import { populate } from "../population.ts";
import { startMortalBroker } from "./broker.ts";
import { type Fault, startFaults } from "./faults.ts";
import { type FollowerFigures, startFollowers } from "./followers.ts";
import { type Held, heldBy, heldSettings } from "./held.ts";
import { type HeldGrowth, startHeldSamples } from "./held-samples.ts";
import { appendBrokenRecord, type LetterFigures, refuseSomeAccounts, settlePoison } from "./poison.ts";
import { mostOrganizations, runTraffic, type TrafficFigures } from "./traffic.ts";

export interface SoakOptions {
  readonly minutes: number;
  /** Brings the same choices; what they meet differs all the same. */
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SoakFigures {
  readonly minutes: number;
  readonly traffic: TrafficFigures;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly followers: FollowerFigures;
  readonly letters: LetterFigures;
  readonly stores: StoreComparison;
  readonly growth: readonly HeldGrowth[];
  /** What the gateway held when it had answered everything for the first time, and when everybody had left. */
  readonly before: Held;
  readonly after: Held;
  /** Lines of logs that hold a secret, or tell of a failure that nobody expected. */
  readonly badLines: readonly string[];
}

const TENANTS = 10;
const FOLLOWERS = 5;
/** What is closed only when it has not been used for a while: connections of pools above all. */
const REST_MS = 120_000;
/** Counters of connections and timers may differ by so many. */
export const REST_SLACK = 2;
const UNEXPECTED = /unhandled|MaxListenersExceeded|"level":"fatal"/i;
const WARNING = /"level":"(?:warn|error|fatal)"/;
const MAX_WARNINGS = 15;
const DAY_SECONDS = "86400";
/**
 * What is kept up to a bound fills within minutes: what grows after that is kept for good. With the bounds of a real
 * installation an hour only shows how they fill.
 */
const SMALL_BOUNDS = { LIVE_RING_EVENTS: "300", CACHE_ENTRIES: "1000" };
const MAX_LINES = 5;

export async function runSoak({ minutes, seed, say }: SoakOptions): Promise<SoakFigures> {
  const folder = await temporaryFolder();
  const files = `${folder.path}/held-{pid}.json`;
  const broker = await startMortalBroker();
  const stack = await startStack("distributed", {
    settings: {
      KAFKA_BROKERS: broker.brokers,
      RATE_LIMIT_POINTS: "1000000",
      ACCESS_TOKEN_SECONDS: DAY_SECONDS,
      ...SMALL_BOUNDS,
      ...heldSettings(files),
    },
  });
  const log = await openLogBeside(stack);
  const logFiles = new Set(processNames(stack).map((name) => logFileOf(stack, name)));
  const random = (actor: number) => seededRandom(seed + actor);
  const gatewayHolds = () => heldBy(stack.processOf("gateway").current(), files);
  try {
    say(`setting up ${TENANTS} organisations at ${stack.url}`);
    const { tenants } = await populate(stack, TENANTS, 0);
    const seconds = minutes * 60;
    const founders = await newFounders(stack, mostOrganizations(seconds));
    await refuseSomeAccounts(stack);
    const before = await gatewayHolds();
    const followers = await startFollowers(stack.socketUrl, tenants.slice(0, FOLLOWERS), random(1));

    say(`${minutes} min of traffic and faults, seed ${seed}`);
    const half = performance.now() + (seconds / 2) * 1_000;
    const poison = random(2);
    const faults = startFaults({
      ...{ stack, broker, random: random(3) },
      appendBroken: () => appendBrokenRecord(log, poison()),
      mayKill: () => performance.now() < half,
      onKill: (subgraph) => void logFiles.add(logFileOf(stack, subgraph)),
    });
    const samples = startHeldSamples({ stack, files, from: faults.killsOver });
    const traffic = await runTraffic({ stack, tenants, founders, seconds, random: random(4) });
    const growth = await samples.stop();
    const broken = await faults.stop();

    say("the faults are over; waiting for everything to be delivered, recorded and settled");
    const followed = await followers.finish();
    const letters = await settlePoison(stack, log);
    const stores = await compareStores(stack);
    const after = await atRest(gatewayHolds, before);
    for (const name of processNames(stack)) logFiles.add(logFileOf(stack, name));
    if (stores.differences.length > 0) for (const line of await lastWarnings(logFiles)) say(line);
    const secrets = tenants.flatMap(({ member }) => [member.accessToken, member.refreshToken, member.password]);
    const badLines = await badLinesIn(logFiles, secrets);
    return { minutes, traffic, faults: broken, followers: followed, letters, stores, growth, before, after, badLines };
  } finally {
    await log.stop();
    await stack.stop();
    await broker.stop();
    await folder.remove();
  }
}

const logFileOf = (stack: Stack, name: string): string => stack.processOf(name).current().logFile;

/** @returns what is held when no more than before, or what is left of it when that takes too long */
async function atRest(holds: () => Promise<Held>, before: Held): Promise<Held> {
  const rested = async () => {
    const held = await holds();
    const excess = (count: "sockets" | "timers" | "listeners") => held[count] - before[count];
    const most = Math.max(excess("sockets"), excess("timers"), excess("listeners"));
    return most <= REST_SLACK && held;
  };
  return waitFor(rested, { what: "the gateway to rest", deadlineMs: REST_MS, intervalMs: 2_000 }).catch(holds);
}

/** What each process complained of last: the reason of a difference stands there, if anywhere. */
async function lastWarnings(files: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    const warnings: string[] = [];
    for await (const line of linesOf(file)) {
      if (WARNING.test(line)) warnings.push(line.slice(0, 500));
      if (warnings.length > MAX_WARNINGS) warnings.shift();
    }
    found.push(...warnings);
  }
  return found;
}

async function badLinesIn(files: ReadonlySet<string>, secrets: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    for await (const line of linesOf(file)) {
      const isBad = UNEXPECTED.test(line) || secrets.some((secret) => line.includes(secret));
      if (isBad && found.length < MAX_LINES) found.push(line.slice(0, 300));
    }
  }
  return found;
}

/** One after the other: logs of an hour do not fit in memory. */
const linesOf = (file: string): AsyncIterable<string> =>
  createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
