// An event that the log does not take: its key waits, in order; all others go on; and it is said.
import { type Admin, ConfigResourceTypes, Kafka, logLevel } from "kafkajs";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { flowMetrics } from "../../../platform/events/flow/flow-metrics.ts";
import { createOutboxWatch } from "../../../platform/events/flow/outbox-watch.ts";
import { metricsText } from "../../../platform/http/metrics-format.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { waitFor } from "../../support/wait.ts";
import { thing } from "./event-fixture.ts";
import { newKey, newTopic, relaysOfFile } from "./relays-of-file.ts";

const world = relaysOfFile();
let admin: Admin;

beforeAll(async () => {
  const brokers = serviceAddress("kafka").split(",");
  admin = new Kafka({ clientId: "refusals", brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
});
afterAll(() => admin?.disconnect());

/** Largest record batch that the brokers take for a topic. */
async function limitTo(topic: string, bytes: number): Promise<void> {
  const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
  await admin.alterConfigs({ validateOnly: false, resources });
}

/** Lines of a log that a test looks at. */
function keptLog() {
  const lines: string[] = [];
  return { lines, logger: pino({ level: "warn" }, { write: (line) => void lines.push(line) }) };
}

test("an event above a lowered limit of the broker holds its key only, is reported, and goes on when the limit rises [EV-12]", async () => {
  const { fixture } = world;
  const log = world.log("Kafka");
  const topic = newTopic();
  const [large, other] = [newKey(), newKey()];
  const text = "x".repeat(30_000);
  await log.ensureTopics([topic]);
  await limitTo(topic, 20_000);
  await fixture.publish(topic, [thing(large, 1), thing(large, 2, { text }), thing(large, 3)]);
  // Together they are above the limit, too: batches must shrink, or nothing would go on.
  for (let n = 0; n < 60; n += 1) await fixture.publish(topic, [thing(other, n, { text: "y".repeat(900) })]);
  const { lines, logger } = keptLog();
  const relay = world.start(topic, log, { logger, offerAgainMs: 300 });
  const numbers = async (key: string) => {
    const events = (await world.events(topic, log)).filter(({ partitionkey }) => partitionkey === key);
    return [...new Set(events.map(({ data }) => data["n"]))];
  };
  await waitFor(async () => (await fixture.unsent(topic)) === 2, { what: "all but the held ones" });
  expect(await numbers(large)).toEqual([1]);
  expect(await numbers(other)).toEqual([...Array(60).keys()]);
  expect(relay.health()).toMatchObject({ phase: "ACTIVE", heldKeys: 1 });
  expect(relay.health().lastError).toContain("max.message.bytes");
  expect(lines.some((line) => line.includes(large) && line.includes("refuses an event"))).toBe(true);
  expect((await relay.lag()).unsent).toBe(2);
  const watch = createOutboxWatch(relay, 3_600);
  await watch.look();
  expect(watch.problem()).toMatch(/^the log refuses events: 1 keys wait behind them: .*max\.message\.bytes/);
  expect(metricsText(flowMetrics({ consumers: [], outboxes: [watch.flow()] }))).toContain(
    `tributary_outbox_held_keys{topic="${topic}"} 1\n`,
  );

  await fixture.publish(topic, [thing(large, 4), thing(other, 60)]);
  await waitFor(async () => (await numbers(other)).includes(60), { what: "a later event of another key" });
  expect(await numbers(large)).toEqual([1]);

  await limitTo(topic, 1_000_000);
  await world.drained(topic);
  expect(await numbers(large)).toEqual([1, 2, 3, 4]);
  await waitFor(() => relay.health().heldKeys === 0, { what: "no held key" });
  expect(relay.health().lastError).toBeUndefined();
});

test("refused events of some keys among many hold just these keys; a deleted row lets its key go on [EV-12] [S52]", async () => {
  const { fixture } = world;
  const topic = newTopic();
  const keys = Array.from({ length: 10 }, newKey);
  const refused = new Set([`${keys[2]}/3`, `${keys[7]}/0`, `${keys[7]}/5`]);
  const isRefused = (value: string) => {
    const { partitionkey, data } = JSON.parse(value);
    return refused.has(`${partitionkey}/${data.n}`);
  };
  const choosy: EventLog = {
    ...fixture.log,
    async append(name, records) {
      const first = records.findIndex(({ value }) => isRefused(value));
      // Any prefix may be stored when a record is refused.
      await fixture.log.append(name, first < 0 ? records : records.slice(0, first));
      if (first >= 0) throw new AppError("EVENT_REFUSED", "too purple");
    },
  };
  for (let n = 0; n < 8; n += 1)
    await fixture.publish(
      topic,
      keys.map((key) => thing(key, n)),
    );
  const relay = world.start(topic, choosy, { batch: 20, offerAgainMs: 100 });
  await waitFor(() => relay.health().heldKeys === 2, { what: "two held keys" });
  await waitFor(async () => (await fixture.unsent(topic)) === 13, { what: "all but the held ones" });
  const numbersByKey = async () => {
    const found = new Map<string, Set<unknown>>(keys.map((key) => [key, new Set()]));
    for (const { partitionkey, data } of await world.events(topic, fixture.log))
      found.get(partitionkey)?.add(data["n"]);
    return keys.map((key) => [...(found.get(key) ?? [])]);
  };
  const whole = [0, 1, 2, 3, 4, 5, 6, 7];
  const expected = keys.map((_, index) => (index === 2 ? [0, 1, 2] : index === 7 ? [] : whole));
  expect(await numbersByKey()).toEqual(expected);

  refused.delete(`${keys[2]}/3`);
  await fixture.databases.user.query("DELETE FROM outbox WHERE topic = $1 AND tenant_id = $2 AND sent_at IS NULL", [
    topic,
    keys[7],
  ]);
  await world.drained(topic);
  await waitFor(() => relay.health().heldKeys === 0, { what: "no held key" });
  expected[2] = whole;
  expect(await numbersByKey()).toEqual(expected);
});
