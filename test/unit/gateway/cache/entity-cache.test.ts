import { expect, test } from "vitest";
import { entities, member, names, shop } from "./cached-shop.ts";

test("a second fetch of the same entities is answered without the subgraph, by the same answer", async () => {
  const { asked, client, cache } = shop();
  const first = await client(entities("name", ["1", "2"]), member("a"));
  const second = await client(entities("name", ["1", "2"]), member("b"));
  expect(asked).toHaveLength(1);
  expect(names(second)).toEqual(["1 v0", "2 v0"]);
  expect(second.data).toBe(first.data);
  expect(second.shared).toBe(true);
  expect(cache.counters()).toMatchObject({ hits: 1, misses: 1, entries: 2 });
});

test("only entities that are missing are asked for, and the answer keeps the order", async () => {
  const { asked, client } = shop();
  await client(entities("name", ["1", "3"]), member("a"));
  const answer = await client(entities("name", ["2", "3", "4", "1"]), member("a"));
  expect(asked.map(({ ids }) => ids)).toEqual([
    ["1", "3"],
    ["2", "4"],
  ]);
  expect(names(answer)).toEqual(["2 v0", "3 v0", "4 v0", "1 v0"]);
  expect(names(await client(entities("name", ["2", "3", "4", "1"]), member("a")))).toHaveLength(4);
  expect(asked).toHaveLength(2);
});

test("an eviction is seen by the next read, also of an answer that was put together before", async () => {
  const { asked, client, change } = shop();
  await client(entities("name", ["1", "2"]), member("a"));
  await change("2");
  expect(names(await client(entities("name", ["1", "2"]), member("a")))).toEqual(["1 v0", "2 v1"]);
  expect(asked[1]?.ids).toEqual(["2"]);
});

test("what was asked before an eviction is given to nobody who asks after it, and never kept", async () => {
  const { asked, client, change } = shop(true);
  const before = client(entities("name", ["1"]), member("a"));
  await change("1");
  const after = client(entities("name", ["1"]), member("a"));
  expect(asked).toHaveLength(2);
  asked[1]?.answer({ data: { _entities: [{ name: "new" }] } });
  asked[0]?.answer({ data: { _entities: [{ name: "old" }] } });
  expect([names(await before), names(await after)]).toEqual([["old"], ["new"]]);
  expect(names(await client(entities("name", ["1"]), member("a")))).toEqual(["new"]);
  expect(asked).toHaveLength(2);
});

test("an entity within another one is evicted by name although the client did not ask for its name", async () => {
  const { asked, client, change } = shop(true);
  const request = entities("name parts{name}", ["1"]);
  const read = () => client(request, member("a"));
  const first = read();
  expect(asked[0]?.request.operation.text).toContain("tributary_key_Product_id:id");
  asked[0]?.answer({ data: { _entities: [{ name: "1", parts: [{ name: "9", tributary_key_Product_id: "9" }] }] } });
  await first;
  await read();
  expect(asked).toHaveLength(1);
  await change("9");
  void read();
  expect(asked).toHaveLength(2);
  // Changed while it is asked for: nobody knew yet that it was part of the answer.
  await change("8");
  asked[1]?.answer({ data: { _entities: [{ name: "1", parts: [{ name: "8", tributary_key_Product_id: "8" }] }] } });
  void read();
  expect(asked).toHaveLength(3);
});

test("concurrent equal fetches are one request; an overlapping one asks for the rest", async () => {
  const { asked, client } = shop(true);
  const same = [1, 2, 3].map(() => client(entities("name", ["1", "2"]), member("a")));
  const more = client(entities("name", ["2", "3"]), member("b"));
  expect(asked.map(({ ids }) => ids)).toEqual([["1", "2"], ["3"]]);
  asked[1]?.answer({ data: { _entities: [{ name: "three" }] } });
  asked[0]?.answer({ data: { _entities: [{ name: "one" }, { name: "two" }] } });
  expect((await Promise.all(same)).map(names)).toEqual(Array(3).fill(["one", "two"]));
  expect(names(await more)).toEqual(["two", "three"]);
});

test("errors are never kept, stand where their entity stands, and are shown to nobody else", async () => {
  const { asked, client } = shop(true);
  const first = client(entities("name", ["1"]), member("a"));
  asked[0]?.answer({ data: { _entities: [{ name: "one" }] } });
  await first;
  const own = client(entities("name", ["1", "2", "3"]), member("a"));
  const joined = client(entities("name", ["3"]), member("b"));
  const error = { message: "no", path: ["_entities", 1, "name"] };
  asked[1]?.answer({ data: { _entities: [{ name: "two" }, null] }, errors: [error] });
  const failed = await own;
  expect(names(failed)).toEqual(["one", "two", null]);
  expect(failed.errors).toEqual([{ ...error, path: ["_entities", 2, "name"] }]);
  await expect.poll(() => asked.length).toBe(3);
  asked[2]?.answer({ data: { _entities: [{ name: "three" }] } });
  expect(await joined).toMatchObject({ errors: [], data: { _entities: [{ name: "three" }] } });
  void client(entities("name", ["2"]), member("a"));
  expect(asked[3]?.ids).toEqual(["2"]);
});

test("a subgraph that does not answer costs only what is not kept", async () => {
  const { asked, client } = shop(true);
  const first = client(entities("name", ["1"]), member("a"));
  asked[0]?.answer({ data: { _entities: [{ name: "one" }] } });
  await first;
  const answer = client(entities("name", ["2", "1"]), member("a"));
  asked[1]?.answer({ errors: [{ message: "away", path: ["_entities", 0] }] });
  expect(await answer).toMatchObject({
    data: { _entities: [null, { name: "one" }] },
    errors: [{ path: ["_entities", 0] }],
  });
  const malformed = client(entities("name", ["3", "1"]), member("a"));
  asked[2]?.answer({ data: { _entities: [{ name: "x" }, { name: "y" }] } });
  expect((await malformed).data).toEqual({ _entities: null });
});

test("an absent entity is remembered for seconds, and until an event names it", async () => {
  const { asked, client, change, pass } = shop(true);
  const read = () => client(entities("name", ["1"]), member("a"));
  const absent = { data: { _entities: [null] } };
  for (const [count, before] of [
    [1, () => undefined],
    [2, () => change("1")],
    [3, () => pass(5_001)],
  ] as const) {
    await before();
    const answer = read();
    expect(asked).toHaveLength(count);
    asked[count - 1]?.answer(absent);
    expect(names(await answer)).toEqual([null]);
    await read();
    expect(asked).toHaveLength(count);
  }
});

test("a fresh read passes the cache by and refills it", async () => {
  const { asked, client, cache } = shop(true);
  const read = (fresh: boolean) => client(entities("name", ["1"]), { ...member("a"), fresh });
  const old = read(false);
  asked[0]?.answer({ data: { _entities: [{ name: "old" }] } });
  await old;
  const fresh = read(true);
  asked[1]?.answer({ data: { _entities: [{ name: "new" }] } });
  await fresh;
  expect(names(await read(false))).toEqual(["new"]);
  expect(asked).toHaveLength(2);
  expect(cache.counters().entries).toBe(1);
});

test("what was asked earlier never replaces what was asked later", async () => {
  const { asked, client } = shop(true);
  const early = client(entities("name", ["1"]), member("a"));
  const late = client(entities("name", ["1"]), { ...member("a"), fresh: true });
  asked[1]?.answer({ data: { _entities: [{ name: "later" }] } });
  await late;
  asked[0]?.answer({ data: { _entities: [{ name: "earlier" }] } });
  await early;
  expect(names(await client(entities("name", ["1"]), member("a")))).toEqual(["later"]);
});

test("an entry near its end is asked for once more while everybody is given what is there", async () => {
  const { asked, client, pass } = shop(true);
  const read = () => client(entities("name", ["1"]), member("a"));
  const first = read();
  asked[0]?.answer({ data: { _entities: [{ name: "one" }] } });
  await first;
  pass(52_000);
  const during = await Promise.all([read(), read(), read()]);
  expect(during.map(names)).toEqual(Array(3).fill(["one"]));
  expect(asked).toHaveLength(2);
  asked[1]?.answer({ data: { _entities: [{ name: "two" }] } });
  await expect.poll(async () => names(await read())).toEqual(["two"]);
  pass(61_000);
  void read();
  expect(asked).toHaveLength(3);
});

test("names that every object has are values like others [poisoned entries]", async () => {
  const { asked, client, change } = shop(true);
  const poison = JSON.parse('{"name":"x","__proto__":{"polluted":true},"constructor":"c"}');
  const read = () => client(entities("name", ["__proto__", "constructor"]), member("a"));
  const first = read();
  asked[0]?.answer({ data: { _entities: [poison, { name: "y" }] } });
  expect(names(await first)).toEqual(["x", "y"]);
  expect(names(await read())).toEqual(["x", "y"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  await change("__proto__");
  void read();
  expect(asked.map(({ ids }) => ids)).toEqual([["__proto__", "constructor"], ["__proto__"]]);
});

test("when everything is dropped, nothing under way is kept", async () => {
  const { asked, client, cache } = shop(true);
  const under = client(entities("name", ["1"]), member("a"));
  await cache.clear();
  asked[0]?.answer({ data: { _entities: [{ name: "old" }] } });
  await under;
  void client(entities("name", ["1"]), member("a"));
  expect(asked).toHaveLength(2);
});
