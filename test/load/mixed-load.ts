// Reads and writes of many organisations through a running platform, while some subscribers follow: set up, warmed up,
// measured.

import type { PlatformAddress } from "../support/client/new-member.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { waitFor } from "../support/wait.ts";
import { runArrivals } from "./arrivals.ts";
import { type Durations, mergeDurations } from "./durations.ts";
import { createLoadClient, type LoadClient } from "./http-client.ts";
import { createOperationLog, type OperationLog } from "./operation-log.ts";
import { attachCard, type Mix, nextRequest } from "./operations.ts";
import { type Population, populate, type Tenant } from "./population.ts";
import { sendPlanned } from "./send-planned.ts";
import { type Delivery, judgeDelivery, newestSequence, type Subscriber, subscribe } from "./subscribers.ts";

export interface Rate {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface MixedLoad {
  readonly platform: PlatformAddress;
  readonly socketUrl: string;
  readonly tenants: number;
  /** Organisations of each tenant that may start a plan. */
  readonly freshEach: number;
  /** Spread over the tenants, from the first on. */
  readonly subscribers: number;
  readonly warmUp: Rate;
  readonly rate: Rate;
  readonly mix?: Mix;
  /** Called right before the measured requests. */
  readonly begin?: (world: MixedWorld) => Promise<void>;
  /** Called when the last of them was answered. */
  readonly end?: (world: MixedWorld) => Promise<void>;
}

/** What a measurement may use for questions of its own. */
export interface MixedWorld {
  readonly client: LoadClient;
  readonly population: Population;
}

export interface MixedOutcome {
  readonly rate: Rate;
  readonly log: OperationLog;
  readonly lateness: Durations;
  readonly generatorShare: number;
  readonly delivery: Delivery;
  readonly commitToFrame: Durations;
}

export async function runMixedLoad(load: MixedLoad): Promise<MixedOutcome> {
  const { platform, socketUrl, warmUp, rate } = load;
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`setting up ${load.tenants} tenants at ${platform.url}`);
  const population = await populate(platform, load.tenants, load.freshEach);
  const subscribers = await openSubscribers(socketUrl, population.tenants, load.subscribers);
  // Only of those is known when everything has arrived.
  const followed = [...new Set(subscribers.map(({ tenant }) => tenant))];
  const client = createLoadClient(platform.url);
  const world = { client, population };
  try {
    say(`${load.subscribers} subscribers follow; warming up for ${warmUp.seconds} s`);
    await drive(world, load, warmUp, createOperationLog(), 1);

    say(`measuring ${rate.perSecond} requests a second for ${rate.seconds} s`);
    const from = await markers(client, followed, subscribers);
    for (const subscriber of subscribers) subscriber.forget();
    const log = createOperationLog();
    await load.begin?.(world);
    const generator = process.cpuUsage();
    const begun = performance.now();
    const lateness = await drive(world, load, rate, log, 2);
    const used = process.cpuUsage(generator);
    const generatorShare = (used.user + used.system) / 1_000 / (performance.now() - begun);
    await load.end?.(world);
    const to = await markers(client, followed, subscribers);

    const delivery = judgeDelivery(subscribers, from, to);
    return { rate, log, lateness, generatorShare, delivery, commitToFrame: mergeDurations(delivery.latencies) };
  } finally {
    for (const subscriber of subscribers) subscriber.close();
    client.close();
  }
}

function openSubscribers(socketUrl: string, tenants: readonly Tenant[], count: number): Promise<Subscriber[]> {
  const followed = Array.from({ length: count }, (_, index) => tenants[index % tenants.length]);
  return Promise.all(followed.flatMap((tenant) => (tenant === undefined ? [] : [subscribe(socketUrl, tenant)])));
}

async function drive({ client, population }: MixedWorld, load: MixedLoad, rate: Rate, log: OperationLog, seed: number) {
  const random = seededRandom(seed);
  const { lateness } = await runArrivals({
    ...rate,
    begin: (due) => {
      const { tenant, planned } = nextRequest(population, random, load.mix);
      return sendPlanned(client, tenant, planned, due, log);
    },
  });
  return lateness;
}

/**
 * One event more in every followed organisation, awaited by all who follow it: the sequence up to which each must have
 * everything. One who does not get it within the deadline has lost it, and is judged by what the others got.
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
