// Lag is seen from outside, whatever the consumer does, and a consumer that hangs is rebuilt in place.
import { expect, test } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import type { EventLog, GroupConsumeOptions } from "../../../platform/events/event-log.ts";
import { createEventFlow } from "../../../platform/events/flow/event-flow.ts";
import type { GroupConsumer } from "../../../platform/events/group-consumer.ts";
import { metricsText } from "../../../platform/http/metrics-format.ts";
import { waitFor, waitWithin } from "../../support/wait.ts";
import { consumersOfFile, FAST, newKey, newTopic, recording } from "./consumers-of-file.ts";
import { silent } from "./event-fixture.ts";

const world = consumersOfFile();
const { start, appendThings } = world;
/** Of a consumer whose attempts and pauses are short: what is left is the margin of the limit. */
const REBUILT_WITHIN_MS = 10_000;

async function watched(consumers: readonly GroupConsumer[]) {
  const { log } = world.fixture;
  const flow = createEventFlow({ consumers, relays: [], log, clock: systemClock, logger: silent, everyMs: 50 });
  await flow.part.start?.();
  return {
    ...flow,
    page: () => metricsText(flow.metrics()),
    async [Symbol.asyncDispose]() {
      await flow.part.stop?.();
    },
  };
}

test("a handler that never settles shows as lag per consumer and partition, in events and seconds [S55] [S56]", async () => {
  const topic = newTopic();
  const key = newKey();
  await appendThings(topic, [
    [key, 0],
    [key, 1],
    [key, 2],
  ]);
  const consumer = await start(topic, topic, () => new Promise(() => undefined), {
    policy: { ...FAST, deadlineMs: 60_000 },
  });
  await using flow = await watched([consumer]);
  const partition = await world.fixture.log.partitionOf(topic, key);
  const labels = `{consumer="${topic}",topic="${topic}",partition="${partition}"}`;
  await waitFor(() => flow.page().includes(`tributary_consumer_lag_events${labels} 3\n`), { what: "the lag" });
  await waitFor(
    () => {
      const [own] = flow.report().consumers;
      const late = own?.partitions.find((found) => found.partition === partition);
      return (late?.lagSeconds ?? 0) >= 0.5 && (late?.secondsSinceProgress ?? 0) >= 0.3;
    },
    { what: "the age of the oldest event" },
  );
  expect(flow.restartReason()).toBeUndefined();
});

test("a consumer whose reader went silent is rebuilt in place, and what waited is handled once [S47]", async () => {
  const topic = newTopic();
  const key = newKey();
  await appendThings(topic, [[key, 0]]);
  const { log } = world.fixture;
  let readers = 0;
  // The first reader holds its partitions and brings nothing, as kafkajs does when it hangs.
  const hanging: EventLog = {
    ...log,
    consume(options) {
      readers += 1;
      return log.consume(readers === 1 ? { ...options, onAssigned: bringsNothing(options) } : options);
    },
  };
  const consumer = await start(topic, topic, recording(topic), { log: hanging, policy: { ...FAST, deadlineMs: 100 } });
  await using flow = await watched([consumer]);
  await waitWithin(REBUILT_WITHIN_MS, async () => (await consumer.lag()) === 0n, {
    what: "the consumer to go on",
    deadlineMs: 60_000,
  });
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([0]);
  expect(readers).toBe(2);
  expect(flow.page()).toContain(`tributary_consumer_rebuilds_total{consumer="${topic}"} 1\n`);
});

function bringsNothing({ onAssigned }: GroupConsumeOptions): GroupConsumeOptions["onAssigned"] {
  return (assignment) => ({
    ...onAssigned(assignment),
    deliver: () => new Promise((resolve) => assignment.signal.addEventListener("abort", () => resolve())),
  });
}
