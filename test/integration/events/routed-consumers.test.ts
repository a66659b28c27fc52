// One event, several consumers of several kinds: each has its own order, retries and dead letters.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import { deadLetterSchema } from "../../../platform/events/dead-letter.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createRoutedConsumers, type RoutedConsumers } from "../../../platform/events/routed-consumers.ts";
import type { RoutingTable } from "../../../platform/events/routing-table.ts";
import type { UserTables } from "../../../prisma/user/client.ts";
import { namedId } from "../../support/identities.ts";
import { waitFor } from "../../support/wait.ts";
import { createEventFixture, type EventFixture, readTopic, silent, THING, thing } from "./event-fixture.ts";
import type { EventLogHarness } from "./event-log-contract/world.ts";
import { EVENT_LOGS } from "./event-log-harnesses.ts";

interface Seen {
  readonly called: number[];
  readonly evicted: number[];
  cleared: number;
}

describe.each(EVENT_LOGS)("consumers of one event over %s", (_name, createHarness) => {
  let fixture: EventFixture;
  let harness: EventLogHarness;
  let log: EventLog;
  const running: RoutedConsumers[] = [];

  beforeAll(async () => {
    [fixture, harness] = await Promise.all([createEventFixture(), createHarness()]);
    log = await harness.open();
  });
  afterEach(async () => {
    for (const { parts } of running.splice(0)) for (const part of [...parts].reverse()) await part.stop?.();
  });
  afterAll(async () => {
    await log?.stop();
    await harness?.close();
    await fixture?.stop();
  });

  async function start(table: RoutingTable<Seen, UserTables>, services: Seen, topic: string): Promise<RoutedConsumers> {
    const routed = createRoutedConsumers({
      table,
      services,
      log,
      consumedTopics: [topic],
      contracts: fixture.contracts,
      database: fixture.client,
      retries: Object.fromEntries(Object.keys(table.consumers).map((name) => [name, { baseMs: 5, capMs: 20 }])),
      clock: systemClock,
      logger: silent,
    });
    running.push(routed);
    for (const part of routed.parts) await part.start?.();
    return routed;
  }

  async function publish(topic: string, keys: readonly string[], numbers: readonly number[]): Promise<EventEnvelope[]> {
    const events: EventEnvelope[] = [];
    for (const n of numbers) {
      for (const key of keys) events.push(...(await fixture.publish(topic, [thing(key, n)])));
    }
    await log.append(
      topic,
      events.map((event) => ({ key: event.partitionkey, value: fixture.contracts.encodeEvent(event) })),
    );
    return events;
  }

  const noLag = (routed: RoutedConsumers, ...names: string[]) =>
    waitFor(
      async () => {
        const lags = await Promise.all(names.map((name) => routed.groups.get(name)?.lag()));
        return lags.every((lag) => lag === 0n);
      },
      { what: `no lag of ${names.join(", ")}` },
    );

  test("one that always fails leaves the database, the cache and the service beside it: only its letters exist [S46]", async () => {
    const topic = `test.${randomUUID()}`;
    await log.ensureTopics([topic]);
    const seen: Seen = { called: [], evicted: [], cleared: 0 };
    const name = (role: string) => `${role}.${topic}`;
    const table: RoutingTable<Seen, UserTables> = {
      consumers: {
        [name("failing")]: { kind: "database", does: "Fails." },
        [name("rows")]: { kind: "database", does: "Stores rows." },
        [name("service")]: { kind: "external", does: "Calls a service." },
        [name("cache")]: { kind: "cache", does: "Evicts." },
      },
      routes: {
        [THING]: {
          [name("failing")]: () => Promise.reject(new Error("always")),
          [name("rows")]: async (_services, event, tx) => {
            await tx.$executeRawUnsafe(
              "INSERT INTO effect (consumer, event_id, key, n) VALUES ($1, $2::uuid, $3, $4::int)",
              topic,
              event.id,
              event.partitionkey,
              event.data["n"],
            );
          },
          [name("service")]: async ({ called }, event) => {
            called.push(Number(event.data["n"]));
          },
        },
        "test.*": {
          [name("cache")]: {
            async evict({ evicted }, events) {
              evicted.push(...events.map(({ data }) => Number(data["n"])));
            },
            async clear(services) {
              services.cleared += 1;
            },
          },
        },
      },
    };
    const routed = await start(table, seen, topic);
    const keys = [namedId("org", `${topic} one`), namedId("org", `${topic} two`)];
    const events = await publish(topic, keys, [1, 2, 3]);
    await noLag(routed, name("failing"), name("rows"), name("service"));
    await waitFor(() => seen.evicted.length === events.length, { what: "the evictions" });

    const effects = await fixture.effects(topic);
    for (const key of keys) expect(effects.filter((row) => row.key === key).map(({ n }) => n)).toEqual([1, 2, 3]);
    expect([...seen.called].sort()).toEqual([1, 1, 2, 2, 3, 3]);
    expect([...seen.evicted].sort()).toEqual([1, 1, 2, 2, 3, 3]);
    expect(seen.cleared).toBe(0);
    const letters = (await readTopic(log, `${topic}.dlq`)).map(({ value }) =>
      deadLetterSchema.parse(JSON.parse(value)),
    );
    expect(new Set(letters.map(({ consumer }) => consumer))).toEqual(new Set([name("failing")]));
    expect(letters.map(({ value }) => JSON.parse(value).id).sort()).toEqual(events.map(({ id }) => id).sort());
    expect(letters.every(({ attempts }) => attempts === 3)).toBe(true);
  });

  test("a cache that fails to evict is emptied, and goes on with the next event [S46]", async () => {
    const topic = `test.${randomUUID()}`;
    await log.ensureTopics([topic]);
    const seen: Seen = { called: [], evicted: [], cleared: 0 };
    const name = `cache.${topic}`;
    await start(
      {
        consumers: { [name]: { kind: "cache", does: "Evicts." } },
        routes: {
          [THING]: {
            [name]: {
              async evict({ evicted }, events) {
                for (const { data } of events) {
                  if (data["n"] === 1) throw new Error("cannot be evicted");
                  evicted.push(Number(data["n"]));
                }
              },
              async clear(services) {
                services.cleared += 1;
              },
            },
          },
        },
      },
      seen,
      topic,
    );
    const key = namedId("org", topic);
    await publish(topic, [key], [1]);
    await waitFor(() => seen.cleared === 1, { what: "the cache to be emptied" });
    await log.append(topic, [{ key, value: "no event" }]);
    await publish(topic, [key], [2]);
    await waitFor(() => seen.evicted.length > 0, { what: "the next eviction" });
    expect(seen).toMatchObject({ evicted: [2], cleared: 1 });
  });
});
