import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test, vi } from "vitest";
import { createEventEviction, tagsOf } from "../../../../gateway/cache/event-eviction.ts";
import { eventSourcesOf } from "../../../../gateway/cache/event-sources.ts";
import type { Cache } from "../../../../platform/cache/cache.ts";
import { createMemoryCache } from "../../../../platform/cache/memory-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { type EventEnvelope, envelopeSchema } from "../../../../platform/events/envelope.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { listSubgraphs } from "../../../../subgraphs/list.ts";
import { envelopeText } from "../live/memory-log.ts";

const PLATFORM_SOURCES = eventSourcesOf(await listSubgraphs());

const logger = createLogger({ name: "test", level: "silent" });
const TTL = { ttlMs: 60_000 };

function event(more: Partial<EventEnvelope>): EventEnvelope {
  return envelopeSchema.parse(JSON.parse(envelopeText("key-1", 1, more)));
}

/** Takes note of every tag that is dropped. */
function recording() {
  const dropped: string[] = [];
  const cache = {
    invalidateTags: async (tags: readonly string[]) => void dropped.push(...tags),
    clear: async () => undefined,
  };
  return { dropped, cache };
}

test("an event's tags name its subject, its organisation and every id in its data", () => {
  const data = { invoiceId: "inv-1", accountId: "acc-1", paymentId: null, roleIds: ["r-1", "r-2"], number: "7" };
  const type = "billing.invoice.paid.v1";
  const named = ["entity:acc-1", "entity:inv-1", "entity:r-1", "entity:r-2", "organization:org-1"];
  // Of what its own source answered, of what goes by events of this kind, and of what may go by anybody's events.
  expect(tagsOf(event({ type, subject: "inv-1", orgid: "org-1", data })).sort()).toEqual(
    named.flatMap((tag) => [`${tag}:*`, `${tag}:billing`, `${tag}:billing.invoice`]),
  );
});

test("an event without an organisation concerns the user of its key", () => {
  const tags = tagsOf(event({ subject: "ses-1", data: {} }));
  expect(tags.filter((tag) => tag.endsWith(":*"))).toEqual(["entity:ses-1:*", "user:key-1:*"]);
});

test("users and organisations that the data names are concerned too", () => {
  const data = { userId: "usr-1", organizationId: "org-2" };
  expect(tagsOf(event({ subject: "mem-1", orgid: "org-1", data }))).toEqual(
    expect.arrayContaining(["user:usr-1:*", "entity:usr-1:*", "organization:org-1:*", "organization:org-2:*"]),
  );
});

test("an event evicts what carries one of its tags and nothing else [S36]", async () => {
  const cache = createMemoryCache({ maxEntries: 10, clock: systemClock });
  await cache.set("changed", 1, { ...TTL, tags: ["entity:inv-1:*"] });
  await cache.set("other", 2, { ...TTL, tags: ["entity:inv-2:*"] });
  await createEventEviction([cache], logger).evict([event({ subject: "inv-1" })]);
  expect([await cache.get("changed"), await cache.get("other")]).toEqual([undefined, 2]);
});

test("a cache that cannot evict by name is cleared whole, and eviction never rejects", async () => {
  const memory = createMemoryCache({ maxEntries: 10, clock: systemClock });
  await memory.set("other", 2, TTL);
  const refusing: Cache = { ...memory, invalidateTags: () => Promise.reject(new Error("away")) };
  await createEventEviction([refusing], logger).evict([event({})]);
  expect(await memory.get("other")).toBeUndefined();
  const broken: Cache = { ...refusing, clear: () => Promise.reject(new Error("away")) };
  await createEventEviction([broken], logger).evict([event({})]);
});

test("a cache that does not answer holds events up for less than a second", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const never = () => new Promise<never>(() => undefined);
  let over = false;
  const evicting = createEventEviction([{ invalidateTags: never, clear: never }], logger)
    .evict([event({})])
    .then(() => {
      over = true;
    });
  await vi.advanceTimersByTimeAsync(999);
  expect(over).toBe(true);
  await evicting;
});

test("what was asked shortly after an event is dropped once more within three seconds, and never again", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const dropped: string[][] = [];
  const cache = {
    invalidateTags: async (tags: readonly string[]) => void dropped.push([...tags]),
    clear: async () => undefined,
  };
  const { evictTags } = createEventEviction([cache], logger);
  await evictTags(["early"]);
  vi.advanceTimersByTime(1_000);
  await evictTags(["late"]);
  expect(dropped).toEqual([["early"], ["late"]]);
  // The first tick is too early for what came just before it.
  vi.advanceTimersByTime(1_500);
  expect(dropped.slice(2).flat()).toEqual(["early", "late"]);
  vi.advanceTimersByTime(60_000);
  expect(dropped.slice(2).flat()).toEqual(["early", "late"]);
});

test("what an event changed goes once, be it told by the command's answer first or by the log; what is remembered goes each time", async () => {
  const { dropped, cache } = recording();
  const { evict } = createEventEviction([cache], logger, PLATFORM_SOURCES);
  const data = {};
  const paid = event({ type: "billing.invoice.paid.v1", subject: "inv-1", data });
  const again = event({ type: "billing.invoice.paid.v1", id: randomUUID(), subject: "inv-1", data });
  const renamed = event({ type: "user.organization.updated.v1", subject: "org-1", data });
  const { id: _id, ...unnamed } = event({ type: "billing.invoice.paid.v1", subject: "inv-2", data });
  const times = (tag: string) => dropped.filter((each) => each === tag).length;
  await evict([paid, renamed, unnamed]);
  await evict([paid]);
  await evict([paid, renamed, unnamed]);
  expect(["entity:inv-1:billing", "entity:org-1:user", "entity:inv-2:billing"].map(times)).toEqual([1, 2, 2]);
  await evict([again]);
  expect(times("entity:inv-1:billing")).toBe(2);
});

test("what is always up to date when it is asked is dropped once", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { dropped, cache } = recording();
  const { evict } = createEventEviction([cache], logger, PLATFORM_SOURCES);
  const data = {};
  await evict([
    event({ type: "billing.invoice.paid.v1", subject: "inv-1", data }),
    event({ type: "user.organization.updated.v1", subject: "org-1", data }),
    event({ type: "shop.order.placed.v1", subject: "ord-1", data }),
  ]);
  vi.advanceTimersByTime(60_000);
  const times = (tag: string) => dropped.filter((each) => each === tag).length;
  expect(["entity:inv-1:billing", "entity:org-1:user", "entity:ord-1:shop"].map(times)).toEqual([1, 2, 2]);
});
