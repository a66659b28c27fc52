// Order and exactly-once at the subscriber, whatever happens in between: random schedules against the simplest model
// there is, a list of events per key. A failure prints seed and path; `FAULT_SEED` and `FAULT_PATH` play that schedule
// again, with its delays.
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../../platform/events/kafka-event-log.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createFaultProxy, type FaultProxy } from "../../../support/fault-proxy.ts";
import { freePort } from "../../../support/ports.ts";
import { SHRINK_SCHEDULES } from "../../../support/random-of-test.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { startEventDatabases } from "../../../support/services/event-databases.ts";
import { startKafka } from "../../../support/services/kafka.ts";
import { throughPort } from "../../../support/through-port.ts";
import { waitFor } from "../../../support/wait.ts";
import { sizeOf } from "../../../tiers.ts";
import { eventWriter, type LiveStack, startLiveStack, TOPIC, viewer } from "./live-stack.ts";
import { STREAMS, type Step, SUBSCRIBERS, schedule } from "./schedule-steps.ts";
import { createScheduledSubscriber, type ScheduledStream, type ScheduledSubscriber } from "./schedule-subscriber.ts";
import { composeShop, generationOf, LIVE_LINK, ORDERS_LIVE } from "./shop-graph.ts";

const OTHER_TOPIC = "returns.events";
/** Small, so that whoever was away is served from the log as often as from memory. */
const RING_EVENTS = 8;
const SLOWEST_MS = 10;
const CATCH_UP_MS = 15_000;

interface Setting {
  /** As the gateway sees it: through the proxy. */
  readonly log: EventLog;
  /** As the relays see it. */
  readonly writing: EventLog;
  readonly proxy: FaultProxy;
  stop(): Promise<void>;
}

const logger = createLogger({ name: "log", level: "silent" });

async function overPostgres(): Promise<Setting> {
  const databases = await startEventDatabases();
  const proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: databases.server.port } });
  const log = createPostgresEventLog({ connectionString: throughPort(databases.eventsUrl, proxy.port), logger });
  const writing = createPostgresEventLog({ connectionString: databases.eventsUrl, logger });
  await Promise.all([log.start(), writing.start()]);
  return {
    log,
    writing,
    proxy,
    async stop() {
      await Promise.all([log.stop(), writing.stop()]);
      await proxy.stop();
      await databases.stop();
    },
  };
}

async function overKafka(): Promise<Setting> {
  const port = await freePort();
  const broker = await startKafka({ advertisedPort: port });
  if (broker.proxyTarget === undefined) throw new Error("the broker listens for no proxy");
  const proxy = await createFaultProxy({ target: broker.proxyTarget, port });
  const open = (brokers: string) =>
    createKafkaEventLog({ brokers: [brokers], clientId: "schedules", replicationFactor: 1, partitions: 2, logger });
  const [log, writing] = [open(`127.0.0.1:${port}`), open(broker.brokers)];
  await Promise.all([log.start(), writing.start()]);
  return {
    log,
    writing,
    proxy,
    async stop() {
      await Promise.all([log.stop(), writing.stop()]);
      await proxy.stop();
      await broker.stop();
    },
  };
}

/** Two topics, and a field that comes and goes with every reload. */
function generation(id: string, partOfPrice: string) {
  const returns = ORDERS_LIVE.replace("type Subscription {", (opening) => {
    const field = ORDERS_LIVE.slice(
      ORDERS_LIVE.indexOf("    orderEvents("),
      ORDERS_LIVE.indexOf("  type OrderMessage"),
    );
    const other = field.slice(0, field.lastIndexOf("}"));
    return `${opening}\n${other.replace("orderEvents(", "returnEvents(").replace(TOPIC, OTHER_TOPIC)}`;
  });
  return generationOf(composeShop(LIVE_LINK + returns.replace("type Part {", `type Part { ${partOfPrice}`)), id);
}

describe.each([
  { name: "Postgres", start: overPostgres, runs: sizeOf("liveSchedules"), runMs: 625 },
  { name: "Kafka", start: overKafka, runs: Math.round(sizeOf("liveSchedules") * 0.4), runMs: 1_300 },
])("over the $name log", ({ start, runs, runMs }) => {
  const limitMs = runs * runMs;
  let setting: Setting;
  let stack: LiveStack;
  const generations = [generation("plain", ""), generation("wide", "size: String")];
  let reloads = 0;
  let delays = seededRandom(0);

  async function startGateway(): Promise<LiveStack> {
    const next = await startLiveStack({ log: setting.log, settings: { LIVE_RING_EVENTS: RING_EVENTS, DRAIN_MS: 20 } });
    slowDown(next);
    reload(next);
    return next;
  }

  /** Enrichments overlap what happens meanwhile. */
  function slowDown({ shop }: LiveStack): void {
    const source = shop.dataSources["orders"];
    if (source === undefined) return;
    shop.dataSources["orders"] = {
      async process(request) {
        await new Promise((resolve) => setTimeout(resolve, delays() * SLOWEST_MS));
        return source.process(request);
      },
    };
  }

  function reload(gateway: LiveStack): void {
    reloads += 1;
    const next = generations[reloads % generations.length];
    if (next !== undefined) gateway.reload(next);
  }

  beforeAll(async () => {
    setting = await start();
    await setting.writing.ensureTopics([TOPIC, OTHER_TOPIC]);
    stack = await startGateway();
  });
  afterAll(async () => {
    await setting?.proxy.mode("pass");
    await stack?.stop();
    await setting?.stop();
  });

  async function play(steps: readonly Step[]): Promise<void> {
    const run = randomUUID().slice(0, 8);
    const streams = Array.from({ length: STREAMS }, (_, index) => {
      const key = `${run}-${index}`;
      const [field, topic] = index === 0 ? ["returnEvents", OTHER_TOPIC] : ["orderEvents", TOPIC];
      const writer = eventWriter(setting.writing, key, topic);
      return { key, field, writer, last: [] as readonly string[], appending: () => writer.sequence };
    });
    const admit = (gateway: LiveStack) => {
      for (const { key } of streams) gateway.viewers.set(key, viewer(key, { [key]: ["orders.read"] }));
    };
    const subscribers: ScheduledSubscriber[] = [];
    let hanging = false;
    const join = (stream: ScheduledStream | undefined, name: string) => {
      if (stream === undefined) return;
      const url = () => stack.url;
      // One viewer per key: subscribers who may see the same share what is read and written for them.
      subscribers.push(createScheduledSubscriber({ name, stream, token: stream.key, url }));
    };
    const publish = async (index: number, count: number) => {
      const stream = streams[index];
      if (stream !== undefined) stream.last = await stream.writer.append(count);
    };

    async function perform(step: Step): Promise<void> {
      switch (step.do) {
        case "publish":
          return publish(step.stream, step.count);
        case "repeat":
          return void (await streams[step.stream]?.writer.again(streams[step.stream]?.last ?? []));
        case "leave":
          return subscribers[step.subscriber]?.leave(step.forgotten);
        case "return":
          return subscribers[step.subscriber]?.comeBack();
        case "join":
          return join(streams[step.stream], `late ${subscribers.length}`);
        case "reload":
          return reload(stack);
        case "restart": {
          const former = stack;
          // A start waits for a log that hangs, longer than there is time here; one that is gone it does without.
          if (hanging) await setting.proxy.mode("reset");
          hanging = false;
          if (!step.before) await former.stop();
          const next = await startGateway();
          admit(next);
          stack = next;
          if (step.before) await former.stop();
          return;
        }
        case "cut":
          hanging = step.hang;
          return setting.proxy.mode(step.hang ? "black-hole" : "reset");
        case "heal":
          hanging = false;
          return setting.proxy.mode("pass");
        case "rest":
          return new Promise((resolve) => setTimeout(resolve, step.ms));
      }
    }

    try {
      admit(stack);
      for (let index = 0; index < SUBSCRIBERS; index += 1) join(streams[index % STREAMS], `first ${index}`);
      await until("the first positions", subscribers, ({ attached }) => attached);
      for (const step of steps) await perform(step);
      await setting.proxy.mode("pass");
      for (const subscriber of subscribers) subscriber.comeBack();
      await until("everybody to be back", subscribers, ({ attached }) => attached);
      for (const index of streams.keys()) await publish(index, 1);
      await until("the last event", subscribers, (one) => one.caughtUp(one.stream.appending()));
      for (const subscriber of subscribers) judge(subscriber);
    } finally {
      await setting.proxy.mode("pass");
      await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
    }
  }

  test("every subscriber ends with exactly the events of its key, in order, after any schedule of publish, drop, resume, reload, restart and interruption [EV-09]", {
    timeout: limitMs + 60_000,
  }, async () => {
    const end = performance.now() + limitMs;
    // A slow machine runs fewer schedules; none is left running behind the test.
    const playInTime = async (steps: readonly Step[], delaySeed: number) => {
      delays = seededRandom(delaySeed);
      if (performance.now() < end) await play(steps);
    };
    await fc.assert(fc.asyncProperty(schedule, fc.nat(), playInTime), {
      numRuns: runs,
      // A schedule that failed is worth more than a shorter one that needs minutes to be found.
      endOnFailure: !SHRINK_SCHEDULES,
    });
  });
});

async function until(
  what: string,
  subscribers: readonly ScheduledSubscriber[],
  condition: (subscriber: ScheduledSubscriber) => boolean,
): Promise<void> {
  await waitFor(() => subscribers.every(condition), { what, deadlineMs: CATCH_UP_MS }).catch((cause: unknown) => {
    const missing = subscribers.filter((subscriber) => !condition(subscriber)).map(describeSubscriber);
    throw new Error(`${String(cause)}\n${missing.join("\n")}`, { cause });
  });
}

/**
 * Each segment is a piece of the list without a hole; the first one begins where the list does, when its subscriber
 * did.
 */
function judge(subscriber: ScheduledSubscriber): void {
  const about = describeSubscriber(subscriber);
  expect(subscriber.problems, about).toEqual([]);
  // Nothing in these schedules takes events away, so nobody may be told to begin anew.
  expect(subscriber.resyncs, about).toEqual([]);
  for (const { startedBehind, events } of subscriber.segments) {
    const sequences = events.map(({ sequence }) => sequence);
    const [first = 0] = sequences;
    expect(sequences, about).toEqual(sequences.map((_, index) => first + index));
    expect(first, about).toBeLessThanOrEqual((startedBehind ?? 0) + 1);
  }
}

function describeSubscriber({ name, stream, segments, resyncs, problems, attaches }: ScheduledSubscriber): string {
  const seen = segments.map(({ startedBehind, events }) => ({
    startedBehind,
    seen: events.map((one) => one.sequence),
  }));
  return `${name} of ${stream.field}: ${JSON.stringify({ appended: stream.appending(), seen, resyncs, problems, attaches })}`;
}
