// Consumers of invented events for the tests of one file, over a log and a database of its own; each is stopped after
// its test.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { EventLog } from "../../../platform/events/event-log.ts";
import {
  createGroupConsumer,
  type EventHandler,
  type GroupConsumer,
  type GroupConsumerOptions,
} from "../../../platform/events/group-consumer.ts";
import type { UserTables } from "../../../prisma/user/client.ts";
import { namedId } from "../../support/identities.ts";
import { createEventFixture, type EventFixture, silent, THING, thing } from "./event-fixture.ts";

type Handler = EventHandler<UserTables>;

export const newTopic = () => `consume.${randomUUID()}`;
export const newKey = () => namedId("org", randomUUID());
/** A fraction of the pauses of production, so that no test waits for one. */
export const FAST = { baseMs: 10, capMs: 50 };

/** Its effect is a row; what `before` does comes first. */
export function recording(group: string, before?: (event: EventEnvelope) => void | Promise<void>): Handler {
  return async (event, tx) => {
    await before?.(event);
    await tx.$executeRawUnsafe(
      "INSERT INTO effect (consumer, event_id, key, n) VALUES ($1, $2::uuid, $3, $4::int)",
      group,
      event.id,
      event.partitionkey,
      event.data["n"],
    );
  };
}

export interface ConsumersOfFile {
  /** Not before the file's hooks run. */
  readonly fixture: EventFixture;
  start(
    topic: string,
    group: string,
    handler: Handler,
    more?: Partial<GroupConsumerOptions<UserTables>>,
  ): Promise<GroupConsumer>;
  /** Appends events as the relay would. */
  appendThings(topic: string, things: readonly (readonly [key: string, n: number])[]): Promise<EventEnvelope[]>;
}

/** @param open the event log; default: that of Postgres */
export function consumersOfFile(open?: (eventsUrl: string) => EventLog): ConsumersOfFile {
  let created: EventFixture | undefined;
  const consumers: GroupConsumer[] = [];

  beforeAll(async () => {
    created = await createEventFixture(open);
  });
  afterEach(async () => {
    for (const consumer of consumers.splice(0)) await consumer.stop();
  });
  afterAll(() => created?.stop());

  const world: ConsumersOfFile = {
    get fixture() {
      if (created === undefined) throw new Error("no fixture yet: a hook creates it");
      return created;
    },
    async start(topic, group, handler, more = {}) {
      const { log, contracts, client } = world.fixture;
      const consumer = createGroupConsumer<UserTables>({
        log,
        group,
        topics: [topic],
        contracts,
        database: client,
        handlers: { [THING]: handler },
        policy: FAST,
        clock: systemClock,
        logger: silent,
        ...more,
      });
      consumers.push(consumer);
      await consumer.start();
      return consumer;
    },
    async appendThings(topic, things) {
      const { log, contracts, publish } = world.fixture;
      await log.ensureTopics([topic]);
      const created: EventEnvelope[] = [];
      for (const [key, n] of things) created.push(...(await publish(topic, [thing(key, n)])));
      await log.append(
        topic,
        created.map((event) => ({ key: event.partitionkey, value: contracts.encodeEvent(event) })),
      );
      return created;
    },
  };
  return world;
}
