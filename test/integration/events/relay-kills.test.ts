// EV-02: relay processes that are killed between the log's answer and the mark, and one event that is published again
// and again: copies in the log, one effect each.
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import { createGroupConsumer } from "../../../platform/events/group-consumer.ts";
import type { UserTables } from "../../../prisma/user/client.ts";
import { startProcess } from "../../support/process.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { waitFor } from "../../support/wait.ts";
import { FAST, recording } from "./consumers-of-file.ts";
import { readTopic, silent, THING, thing } from "./event-fixture.ts";
import { LOGS, newKey, newTopic, relaysOfFile } from "./relays-of-file.ts";

const world = relaysOfFile();
const KILLS = 10;
const COPIES = 5;
const EVENTS = 60;
/** Less than there are: some kills meet a relay that has read ahead. */
const BATCH = 20;

describe.each(LOGS)("%s", (name) => {
  test(`a relay process killed ${KILLS} times between append and mark, and an event published ${COPIES} times more, have one effect for each event, in order [EV-02] [S54]`, async () => {
    const { fixture } = world;
    const log = world.log(name);
    const topic = newTopic();
    const keys = [newKey(), newKey(), newKey()];
    await log.ensureTopics([topic]);
    for (let n = 0; n < EVENTS; n += 1) await fixture.publish(topic, [thing(keys[n % keys.length] ?? "", n)]);
    const address = name === "Kafka" ? serviceAddress("kafka") : fixture.databases.eventsUrl;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const relay = await startProcess({
        entry: "test/integration/events/fixtures/killed-relay-main.ts",
        entryArguments: [name, address, fixture.databases.relayUrl, topic, String(BATCH)],
      });
      const { signal } = await relay.exited;
      expect(signal, await relay.output()).toBe("SIGKILL");
    }
    expect(await fixture.unsent(topic)).toBe(EVENTS);
    world.start(topic, log);
    await world.drained(topic);
    const records = await readTopic(log, topic);
    const [published] = records;
    if (published === undefined) throw new Error("nothing was published");
    const { key, value } = published;
    await log.append(topic, Array(COPIES).fill({ key, value }));

    const events = await world.events(topic, log);
    expect(events.length).toBe(EVENTS + KILLS * BATCH + COPIES);
    const consumer = createGroupConsumer<UserTables>({
      log,
      group: topic,
      topics: [topic],
      contracts: fixture.contracts,
      database: fixture.client,
      handlers: { [THING]: recording(topic) },
      policy: FAST,
      clock: systemClock,
      logger: silent,
    });
    await consumer.start();
    try {
      await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag", deadlineMs: 60_000 });
    } finally {
      await consumer.stop();
    }
    const effects = await fixture.effects(topic);
    expect(effects.length).toBe(EVENTS);
    expect(new Set(effects.map(({ event_id }) => event_id)).size).toBe(EVENTS);
    for (const [index, key] of keys.entries()) {
      const inOrder = [...Array(EVENTS).keys()].filter((n) => n % keys.length === index);
      expect(effects.filter((effect) => effect.key === key).map(({ n }) => n)).toEqual(inOrder);
    }
  });
});
