// `npm run load -- redis-away`: reads through all subgraphs of a distributed platform whose Redis is killed and comes
// back empty. How much slower they are meanwhile, whether one fails, and whether what is written meanwhile is what is
// read from then on.
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seededRandom } from "../support/seeded-random.ts";
import { startRedis } from "../support/services/redis.ts";
import { runArrivals } from "./arrivals.ts";
import { startDistributedStack } from "./distributed-stack.ts";
import { createLoadClient } from "./http-client.ts";
import { say } from "./live/verdict.ts";
import { createOperationLog, type OperationLog } from "./operation-log.ts";
import { nextRequest } from "./operations.ts";
import { type Population, populate } from "./population.ts";
import { printRedisReport } from "./redis-away/redis-report.ts";
import { watchNames } from "./redis-away/watched-names.ts";
import { watchReadiness } from "./redis-away/watched-readiness.ts";
import { sendPlanned } from "./send-planned.ts";

const TENANTS = 20;
const WARM_UP_SECONDS = 15;

const OPTIONS = { rate: { type: "string", default: "100" }, seconds: { type: "string", default: "10" } } as const;

/** @param programArguments `--rate` of reads per second, `--seconds` before, while and after Redis is away, each */
export async function redisAway(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const perSecond = Number(values.rate);
  const seconds = Number(values.seconds);
  let redis = await startRedis();
  const settings = { NODE_ENV: "production", LOG_LEVEL: "fatal", REDIS_URL: redis.url };
  const stack = await startDistributedStack({ settings }).catch(async (error: unknown) => {
    await redis.stop();
    throw error;
  });
  const client = createLoadClient(stack.url);
  try {
    say(`setting up ${TENANTS} tenants at ${stack.url}`);
    const population = await populate(stack, TENANTS, 0);
    const names = watchNames(client, population.tenants);
    const readiness = watchReadiness(stack);
    const logs = { before: createOperationLog(), away: createOperationLog(), back: createOperationLog() };
    let log = createOperationLog();
    const read = (time: number, seed: number) =>
      runArrivals({ perSecond, seconds: time, begin: beginReads(client, population, seed, () => log) });

    say(`warming up for ${WARM_UP_SECONDS} s`);
    await Promise.all([names.change(), read(WARM_UP_SECONDS, 1)]);
    say(`measuring ${perSecond} reads a second, ${seconds} s each: with Redis, without it, with an empty one`);
    log = logs.before;
    const begun = performance.now();
    const until = (phases: number) => pause(begun + phases * seconds * 1_000 - performance.now());
    // All phases have the same writes in their midst.
    const events = async () => {
      await until(0.3);
      await names.change();
      await until(1);
      log = logs.away;
      await redis.kill();
      await until(1.3);
      await names.change();
      await until(2);
      redis = await startRedis({ port: redis.port });
      log = logs.back;
      await until(2.3);
      await names.change();
    };
    const [{ lateness }] = await Promise.all([read(3 * seconds, 2), events()]);
    return printRedisReport({ logs, lateness, names: await names.stop(), readiness: await readiness.stop() });
  } finally {
    client.close();
    await stack.stop();
    await redis.stop();
  }
}

function beginReads(
  client: ReturnType<typeof createLoadClient>,
  population: Population,
  seed: number,
  log: () => OperationLog,
): (due: number) => Promise<void> {
  const random = seededRandom(seed);
  return (due) => {
    const { tenant, planned } = nextRequest(population, random, { writes: 0 });
    return sendPlanned(client, tenant, planned, due, log());
  };
}
