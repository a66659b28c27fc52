// Caches hear of every topic whose events make them stale, whoever else follows it.
import { expect, test } from "vitest";
import { createEventEviction } from "../../../../gateway/cache/event-eviction.ts";
import { createMemoryCache } from "../../../../platform/cache/memory-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { waitFor } from "../../../support/wait.ts";
import { envelopeText } from "../../../unit/gateway/live/memory-log.ts";
import { startLiveStack } from "./live-stack.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

/** No live field of the shop shows these. */
const TOPIC = "stock.events";
const world = liveStackOfFile();
const logger = createLogger({ name: "test", level: "silent" });

const stocked = (item: string) => ({
  key: "shop",
  value: envelopeText("shop", 1, { type: "stock.item.counted.v1", subject: item, orgid: "shop", data: {} }),
});

async function cacheOf(...items: readonly string[]) {
  const cache = createMemoryCache({ maxEntries: 100, clock: systemClock });
  const keep = (item: string) => cache.set(item, "as it was", { ttlMs: 60_000, tags: [`entity:${item}:*`] });
  await Promise.all(items.map(keep));
  return { cache, keep, gone: async (item: string) => (await cache.get(item)) === undefined };
}

test("events of a subgraph without live fields evict, too [S36]", async () => {
  const { cache, keep, gone } = await cacheOf();
  const stack = await startLiveStack({
    log: world.log,
    eviction: createEventEviction([cache], logger),
    evictionTopics: [TOPIC],
  });
  try {
    await Promise.all([keep("bolts"), keep("nuts")]);
    await world.log.append(TOPIC, [stocked("bolts")]);
    await waitFor(() => gone("bolts"), { what: "eviction of the counted item" });
    expect(await gone("nuts")).toBe(false);
  } finally {
    await stack.stop();
  }
});

test("a log that does not answer at the start is followed later, and nothing is kept until then [CA-02]", async () => {
  const { cache, keep, gone } = await cacheOf();
  let away = true;
  const log: EventLog = {
    ...world.log,
    async ensureTopics(topics) {
      if (away && topics.includes(TOPIC)) throw new AppError("EVENT_LOG_UNAVAILABLE", "The event log is away.");
      return world.log.ensureTopics(topics);
    },
  };
  const stack = await startLiveStack({
    log,
    eviction: createEventEviction([cache], logger),
    evictionTopics: [TOPIC],
  });
  try {
    await keep("screws");
    await waitFor(() => gone("screws"), { what: "everything is dropped while nobody follows the topic" });
    away = false;
    await waitFor(
      async () => {
        await Promise.all([keep("nails"), keep("bolts")]);
        await world.log.append(TOPIC, [stocked("bolts")]);
        await waitFor(() => gone("bolts"), { deadlineMs: 1_000, what: "eviction by name" });
        return !(await gone("nails"));
      },
      { what: "only the counted item is dropped: the topic is followed" },
    );
  } finally {
    await stack.stop();
  }
});
