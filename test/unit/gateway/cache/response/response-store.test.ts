import { expect, test } from "vitest";
import { createEvictionJournal } from "../../../../../gateway/cache/response/eviction-journal.ts";
import { createResponseStore } from "../../../../../gateway/cache/response/response-store.ts";

function storeAt(maxBytes = 1_000_000) {
  const time = { now: 0 };
  const store = createResponseStore({ maxBytes, clock: { now: () => new Date(time.now) } });
  return { time, store };
}

const answer = (text: string, ...tags: string[]) => ({
  body: Buffer.from(text),
  fetches: 1,
  bornAt: 0,
  maxAgeMs: 1_000,
  tags: new Set(tags),
});

test("an answer is found until its time is over", () => {
  const { store, time } = storeAt();
  expect(store.begin("k").end(answer("a"))).toBe(true);
  expect(store.find("k")?.body.toString()).toBe("a");
  time.now = 999;
  expect(store.find("k")).toBeDefined();
  time.now = 1_000;
  expect(store.find("k")).toBeUndefined();
});

test("an answer of which a part was kept already ends with that", () => {
  const { store, time } = storeAt();
  time.now = 500;
  store.begin("k").end(answer("a"));
  expect(store.find("k")).toMatchObject({ bornAt: 0, storedAt: 500, refreshAt: 950, expiresAt: 1_000 });
});

test("what was evicted while an answer was made is not kept, whatever tags were unknown when it began", async () => {
  const { store } = storeAt();
  const overtaken = store.begin("k");
  const other = store.begin("l");
  await store.invalidateTags(["entity:1"]);
  expect(overtaken.end(answer("old", "entity:1", "entity:2"))).toBe(false);
  expect(other.end(answer("other", "entity:2"))).toBe(true);
  expect(store.find("k")).toBeUndefined();
  expect(store.find("l")).toBeDefined();
});

test("an answer that began before everything was evicted is not kept", async () => {
  const { store } = storeAt();
  const fill = store.begin("k");
  await store.clear();
  expect(fill.end(answer("old"))).toBe(false);
});

test("whatever was evicted, answers that any event may concern go too", async () => {
  const { store } = storeAt();
  store.begin("k").end(answer("a", "event"));
  store.begin("l").end(answer("a", "entity:2"));
  await store.invalidateTags(["entity:1"]);
  expect(store.find("k")).toBeUndefined();
  expect(store.find("l")).toBeDefined();
});

test("a load is for those who began to wait before what it misses was evicted", async () => {
  const { store } = storeAt();
  const fill = store.begin("k");
  const before = store.mark();
  await store.invalidateTags(["entity:1"]);
  const after = store.mark();
  const newAnswer = answer("a", "entity:1");
  expect(store.holds(fill, newAnswer, before)).toBe(true);
  expect(store.holds(fill, newAnswer, after)).toBe(false);
  expect(store.holds(fill, answer("b", "entity:2"), after)).toBe(true);
});

test("answers are bounded by their bytes, and one alone never takes all of them", () => {
  const { store } = storeAt(100_000);
  const large = "x".repeat(20_000);
  expect(store.begin("large").end(answer(large))).toBe(true);
  expect(store.find("large")).toBeUndefined();
  for (let index = 0; index < 50; index += 1) store.begin(`${index}`).end(answer("x".repeat(9_000), "t"));
  expect(store.counters().bytes).toBeLessThanOrEqual(100_000);
  expect(store.counters().evicted).toBeGreaterThan(30);
  expect(store.find("49")).toBeDefined();
});

test("a journal that forgot what was evicted meanwhile says that it may have been anything", () => {
  const journal = createEvictionJournal(4);
  const mark = journal.mark();
  for (let index = 0; index < 4; index += 1) journal.record([`t${index}`]);
  expect(journal.overtook(mark, new Set(["t0"]))).toBe(true);
  expect(journal.overtook(mark, new Set(["other"]))).toBe(false);
  expect(journal.overtook(mark, new Set(["t3"]), mark + 2)).toBe(false);
  journal.record(["t4"]);
  expect(journal.overtook(mark, new Set(["other"]))).toBe(true);
  expect(journal.overtook(journal.mark(), new Set(["t4"]))).toBe(false);
});

test("a journal remembers so many tags, however many an eviction has", () => {
  const journal = createEvictionJournal(10);
  const mark = journal.mark();
  journal.record(["a", "b", "c", "d"]);
  journal.record(["e", "f", "g", "h", "i", "j"]);
  expect(journal.overtook(mark, new Set(["other"]))).toBe(false);
  const second = mark + 1;
  journal.record(["k"]);
  expect(journal.overtook(mark, new Set(["other"]))).toBe(true);
  expect(journal.overtook(second, new Set(["j"]))).toBe(true);
  expect(journal.overtook(second, new Set(["other"]))).toBe(false);
  journal.record(Array.from({ length: 11 }, (_, index) => `many${index}`));
  expect(journal.overtook(second, new Set(["other"]))).toBe(true);
  expect(journal.overtook(journal.mark(), new Set(["many1"]))).toBe(false);
  const third = journal.mark();
  journal.recordAll();
  expect(journal.overtook(third, new Set(["other"]))).toBe(true);
});
