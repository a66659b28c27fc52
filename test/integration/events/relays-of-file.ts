// Relays for the tests of one file, over both event logs; each is stopped after its test.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type EventEnvelope, envelopeSchema } from "../../../platform/events/envelope.ts";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { createRelay, type Relay, type RelayOptions } from "../../../platform/events/relay.ts";
import { namedId } from "../../support/identities.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { waitFor } from "../../support/wait.ts";
import { createEventFixture, type EventFixture, readTopic, silent } from "./event-fixture.ts";

export const newTopic = () => `relay.${randomUUID()}`;
export const newKey = () => namedId("org", randomUUID());

export type LogName = "Postgres" | "Kafka";
export const LOGS: readonly LogName[] = ["Postgres", "Kafka"];

export interface RelaysOfFile {
  /** Not before the file's hooks run. */
  readonly fixture: EventFixture;
  log(name: LogName): EventLog;
  start(topic: string, log: EventLog, more?: Partial<RelayOptions>): Relay;
  /** Waits until nothing of a topic is unsent. */
  drained(topic: string): Promise<void>;
  /** What a topic holds, partition by partition. */
  events(topic: string, log: EventLog): Promise<EventEnvelope[]>;
}

export function relaysOfFile(): RelaysOfFile {
  let fixture: EventFixture | undefined;
  let kafka: EventLog | undefined;
  const relays: Relay[] = [];

  beforeAll(async () => {
    fixture = await createEventFixture();
    const brokers = serviceAddress("kafka").split(",");
    kafka = createKafkaEventLog({ brokers, clientId: "relays", replicationFactor: 1, logger: silent });
    await kafka.start();
  });
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
  });
  afterAll(async () => {
    await kafka?.stop();
    await fixture?.stop();
  });

  const world: RelaysOfFile = {
    get fixture() {
      if (fixture === undefined) throw new Error("no fixture yet: a hook creates it");
      return fixture;
    },
    log(name) {
      const log = name === "Kafka" ? kafka : world.fixture.log;
      if (log === undefined) throw new Error("no log yet: a hook opens it");
      return log;
    },
    start(topic, log, more = {}) {
      const { relayUrl } = world.fixture.databases;
      const relay = createRelay({ databaseUrl: relayUrl, log, topic, logger: silent, pollMs: 50, ...more });
      relays.push(relay);
      relay.start();
      return relay;
    },
    async drained(topic) {
      await waitFor(async () => (await world.fixture.unsent(topic)) === 0, { what: "an empty outbox" });
    },
    events: async (topic, log) =>
      (await readTopic(log, topic)).map(({ value }) => envelopeSchema.parse(JSON.parse(value))),
  };
  return world;
}
