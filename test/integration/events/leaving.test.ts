// Leaving a group beside a handler that hangs: the partition moves to another member within seconds, on both logs.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createGroupConsumer, type EventHandler } from "../../../platform/events/group-consumer.ts";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import type { UserTables } from "../../../prisma/user/client.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { deferred, waitFor, waitWithin } from "../../support/wait.ts";
import { newKey, recording } from "./consumers-of-file.ts";
import { createEventFixture, type EventFixture, silent, THING, thing } from "./event-fixture.ts";

/** From the stop of one member until another one has handled what it held. */
const MOVES_WITHIN_MS = 5_000;

let fixture: EventFixture;
const cleanups: (() => Promise<void>)[] = [];
beforeAll(async () => {
  fixture = await createEventFixture();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => fixture?.stop());

const LOGS: Readonly<Record<string, () => EventLog>> = {
  Postgres: () => createPostgresEventLog({ connectionString: fixture.databases.eventsUrl, logger: silent }),
  Kafka: () =>
    createKafkaEventLog({
      brokers: serviceAddress("kafka").split(","),
      clientId: "leaving",
      replicationFactor: 1,
      logger: silent,
    }),
};

describe.for(Object.entries(LOGS))("over %s", ([, createLog]) => {
  /** As another process would have it. */
  async function openLog(): Promise<EventLog> {
    const log = createLog();
    await log.start();
    cleanups.push(() => log.stop());
    return log;
  }

  async function join(log: EventLog, group: string, handler: EventHandler<UserTables>) {
    const consumer = createGroupConsumer<UserTables>({
      log,
      group,
      topics: [group],
      contracts: fixture.contracts,
      database: fixture.client,
      handlers: { [THING]: handler },
      clock: systemClock,
      logger: silent,
    });
    cleanups.push(() => consumer.stop());
    await consumer.start();
    return consumer;
  }

  test("a partition moves to another member within 5 s of the stop, beside a handler that never settles", async () => {
    const group = `leaving.${randomUUID()}`;
    const key = newKey();
    const log = await openLog();
    await log.ensureTopics([group]);
    const events = await fixture.publish(group, [thing(key, 0)]);
    await log.append(
      group,
      events.map((event) => ({ key: event.partitionkey, value: fixture.contracts.encodeEvent(event) })),
    );
    const hanging = deferred<AbortSignal>();
    const first = await join(log, group, async (event, tx, context) => {
      await recording(group)(event, tx, context);
      hanging.resolve(context.signal);
      await new Promise(() => undefined);
    });
    const signal = await hanging.promise;
    const second = await join(await openLog(), group, recording(group));
    await waitFor(() => second.held().length > 0, { what: "a second member with partitions", deadlineMs: 30_000 });
    // The one that hangs stays where it is, or moved at the rebalance already: then there is nothing to leave.
    const stopped = first.stop();
    await waitWithin(MOVES_WITHIN_MS, async () => (await fixture.effects(group)).length > 0, {
      what: "the effect by the other member",
    });
    await stopped;
    expect(signal.aborted).toBe(true);
    expect((await fixture.effects(group)).map(({ n }) => n)).toEqual([0]);
    expect(await fixture.deadLetters(group)).toEqual([]);
  });
});
