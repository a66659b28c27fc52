// Readers of records that are no events: in order, until each is handled, and watched as consumers of events are.
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import { createEventFlow } from "../../../platform/events/flow/event-flow.ts";
import { createRecordConsumer, type RecordConsumerOptions } from "../../../platform/events/record-consumer.ts";
import { metricsText } from "../../../platform/http/metrics-format.ts";
import { waitFor, waitWithin } from "../../support/wait.ts";
import { consumersOfFile, newTopic } from "./consumers-of-file.ts";
import { silent } from "./event-fixture.ts";

const world = consumersOfFile();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
/** Of what a group that is left may take, `PartitionWindow`. */
const LEFT_WITHIN_MS = 5_000;

async function reader(topic: string, handle: RecordConsumerOptions["handle"]) {
  const { log } = world.fixture;
  const consumer = createRecordConsumer({ log, group: topic, topics: [topic], handle, logger: silent });
  cleanups.push(() => consumer.stop());
  await consumer.start();
  return consumer;
}

async function append(topic: string, values: readonly string[]): Promise<void> {
  const { log } = world.fixture;
  await log.ensureTopics([topic]);
  // One partition, different keys: order does not hang on the key.
  const partition = await log.partitionOf(topic, "a");
  const keys: string[] = [];
  for (let n = 0; keys.length < values.length; n += 1) {
    if ((await log.partitionOf(topic, `a${n}`)) === partition) keys.push(`a${n}`);
  }
  await log.append(
    topic,
    values.map((value, index) => ({ key: keys[index] ?? "", value })),
  );
}

test("a partition's records are handled in order, one at a time, and one that fails is tried until it can be handled", async () => {
  const topic = newTopic();
  await append(topic, ["one", "two", "three"]);
  const seen: string[] = [];
  let running = 0;
  await reader(topic, async ({ value }) => {
    running += 1;
    seen.push(`${value}${running > 1 ? " beside another" : ""}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    if (value === "two" && seen.length < 4) throw new Error("not yet");
  });
  await waitFor(() => seen.includes("three"), { what: "the last record" });
  expect(seen).toEqual(["one", "two", "two", "two", "three"]);
});

test("one that was left in the midst is handled by the next reader, and the reader leaves within 5 s beside it", async () => {
  const topic = newTopic();
  await append(topic, ["only"]);
  const begun = Promise.withResolvers<void>();
  const first = await reader(topic, async () => {
    begun.resolve();
    await new Promise(() => undefined);
  });
  await begun.promise;
  await waitWithin(LEFT_WITHIN_MS, () => first.stop().then(() => true), { what: "the reader to leave" });
  const seen: string[] = [];
  await reader(topic, async ({ value }) => void seen.push(value));
  await waitFor(() => seen.length > 0, { what: "the record" });
  expect(seen).toEqual(["only"]);
});

test("its lag is measured, and one that cannot be handled shows as records that wait [S55]", async () => {
  const topic = newTopic();
  await append(topic, ["one", "two"]);
  const consumer = await reader(topic, async () => {
    throw new Error("the store is away");
  });
  const { log } = world.fixture;
  const flow = createEventFlow({
    consumers: [consumer],
    relays: [],
    log,
    clock: systemClock,
    logger: silent,
    everyMs: 50,
  });
  await flow.part.start?.();
  cleanups.push(async () => flow.part.stop?.());
  const partition = await log.partitionOf(topic, "a");
  const lag = `tributary_consumer_lag_events{consumer="${topic}",topic="${topic}",partition="${partition}"} 2\n`;
  await waitFor(() => metricsText(flow.metrics()).includes(lag), { what: "the lag" });
  expect(flow.restartReason()).toBeUndefined();
});
