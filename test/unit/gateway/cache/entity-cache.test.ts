import { expect, test } from "vitest";
import { createEntityCache } from "../../../../gateway/cache/entity/entity-cache.ts";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import { isJsonObject } from "../../../../gateway/transport/json-object.ts";
import {
  type SubgraphAnswer,
  type SubgraphRequest,
  subgraphOperation,
} from "../../../../gateway/transport/subgraph-client.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { newTrace } from "../../../../platform/tracing/trace-context.ts";
import { hintedShop } from "./hinted-shop.ts";

const logger = createLogger({ name: "test", level: "silent" });

function member(userId: string, permissions: readonly string[] = ["read"], organizationId = "org_1"): GatewayContext {
  const grants = new Map([[organizationId, new Set(permissions)]]);
  const identity = { kind: "USER", userId, sessionId: "ses", grants } as const;
  return { identity, client: {}, trace: newTrace(), logger, forwardedHeaders: {} };
}

const representation = (id: string, type = "Product") => JSON.stringify({ __typename: type, id });

function entities(selection: string, ids: readonly string[], type = "Product"): SubgraphRequest {
  const text = `query($representations:[_Any!]!){_entities(representations:$representations){...on ${type}{${selection}}}}`;
  return {
    operation: subgraphOperation(text, undefined, "query"),
    variables: {},
    representations: { texts: ids.map((id) => representation(id, type)) },
  };
}

const query = (text: string, variables = {}): SubgraphRequest => ({
  operation: subgraphOperation(text, undefined, "query"),
  variables,
  representations: undefined,
});

interface Question {
  readonly request: SubgraphRequest;
  readonly ids: readonly string[];
  answer(answer: Partial<SubgraphAnswer>): void;
}

/** A cache before a subgraph that answers at once, or, when `held`, as it is told to. */
function shop(held = false) {
  let now = 1_000_000;
  let version = 0;
  const asked: Question[] = [];
  const passed: SubgraphRequest[] = [];
  const cache = createEntityCache({ clock: { now: () => new Date(now) }, maxWeight: 1_000_000 });
  const client = cache.wrap(
    hintedShop,
    "shop",
    (request) => {
      const ids = (request.representations?.texts ?? []).map((text) => String(JSON.parse(text).id));
      const { promise, resolve } = Promise.withResolvers<SubgraphAnswer>();
      const answer = (given: Partial<SubgraphAnswer>) => resolve({ data: null, errors: [], shared: false, ...given });
      asked.push({ request, ids, answer });
      if (!held) answer({ data: { _entities: ids.map((id) => ({ id, name: `${id} v${version}` })) } });
      return promise;
    },
    async (request) => {
      passed.push(request);
      return { data: {}, errors: [], shared: false };
    },
  );
  return {
    asked,
    passed,
    cache,
    client,
    change: (...ids: string[]) => {
      version += 1;
      return cache.invalidateTags(ids.map((id) => `entity:${id}`));
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const names = ({ data }: SubgraphAnswer) => {
  const list: unknown = data?.["_entities"];
  return Array.isArray(list) ? list.map((item: unknown) => (isJsonObject(item) ? item["name"] : item)) : list;
};

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
  const known = client(entities("name", ["1"]), member("a"));
  asked[0]?.answer({ data: { _entities: [{ name: "one" }] } });
  await known;
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
  const known = client(entities("name", ["1"]), member("a"));
  asked[0]?.answer({ data: { _entities: [{ name: "one" }] } });
  await known;
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

test("what carries no hint is passed by: an entity within, a root field, a field that says never", async () => {
  const { passed, client } = shop();
  const requests = [
    entities("name bare{secret}", ["1"]),
    entities("secret", ["1"], "Bare"),
    query("{now}"),
    query("{page{title} now}"),
    query('{bare(id:"1"){secret}}'),
    query("{never{name}}"),
    query("{__typename}"),
    { ...query("mutation{x}"), operation: subgraphOperation("mutation{x}", undefined, "mutation") },
    query('{product(id:"1"){tributary_key_x:name}}'),
  ];
  for (const request of requests) await client(request, member("a"));
  expect(passed).toEqual(requests);
});

test("a bare reference needs no hint of its own: it says no more than its holder", async () => {
  const { asked, client } = shop();
  await client(entities("name bare{__typename id}", ["1"]), member("a"));
  await client(entities("name bare{__typename id}", ["1"]), member("a"));
  expect(asked).toHaveLength(1);
});

test("root fields with hints are kept by their variables, and tell which entities they hold", async () => {
  const { asked, client, change } = shop(true);
  const text = "query($id:ID!){product(id:$id){name}}";
  const read = (id: string) => client(query(text, { id }), member("a"));
  for (const id of ["1", "2"]) {
    const answer = read(id);
    asked.at(-1)?.answer({ data: { product: { name: `p${id}`, tributary_key_Product_id: id } } });
    await answer;
  }
  expect(await read("1")).toMatchObject({ data: { product: { name: "p1" } }, shared: true });
  expect(asked).toHaveLength(2);
  await change("1");
  void read("1");
  void read("2");
  expect(asked).toHaveLength(3);
});

test("scopes are the narrowest of all that is selected: other rights and other organisations never meet [CA-07]", async () => {
  const { asked, client, cache } = shop();
  const request = entities("name maker{name}", ["1"]);
  for (const context of [
    member("a"),
    member("b"),
    member("a", ["read", "write"]),
    member("a", ["read"], "org_2"),
    member("c", ["read"], "org_2"),
  ])
    await client(request, context);
  expect(asked).toHaveLength(3);
  await cache.invalidateTags(["organization:org_1"]);
  for (const context of [member("a"), member("c", ["read"], "org_2")]) await client(request, context);
  expect(asked).toHaveLength(4);
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
