import { expect, test } from "vitest";
import { subgraphOperation } from "../../../../gateway/transport/subgraph-client.ts";
import { entities, member, query, shop } from "./cached-shop.ts";

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
