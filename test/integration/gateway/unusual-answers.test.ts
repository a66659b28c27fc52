// Answers of subgraphs that are not quite what the specifications want, over real HTTP: what they say is used as far as
// it makes sense.
import { expect, test } from "vitest";
import { startStandalone } from "./standalone-gateway.ts";
import { type ScriptedAnswer, startScriptedGraph } from "./transports/scripted-graph.ts";

const SHOP = `type Query { kept: String failed: String item: Item }
  type Item @key(fields: "id") { id: ID! }`;
const STOCK = `type Item @key(fields: "id") { id: ID! stock: Int price: Int }`;
const NONE = '{"data":{"_entities":[{"stock":3}]}}';

async function answered(query: string, shop: ScriptedAnswer, stock: ScriptedAnswer = NONE) {
  await using graph = await startScriptedGraph({
    shop: { sdl: SHOP, answer: () => shop },
    stock: { sdl: STOCK, answer: () => stock },
  });
  await using gateway = await startStandalone(graph.supergraphSdl, { SUBGRAPH_RETRIES: [] });
  const { status, body } = await gateway.post({ query });
  const errors = (body.errors ?? []).map(({ message, path }) => (path === undefined ? [message] : [message, path]));
  return { status, data: body.data, errors, extensions: body.errors?.[0]?.extensions };
}

test("an error with a null path, null locations and null extensions costs nothing but itself [S23]", async () => {
  const error = '{"message":"it failed","path":null,"locations":null,"extensions":null}';
  const shop = `{"data":{"kept":"kept","failed":null},"errors":[${error}]}`;
  expect(await answered("{ kept failed }", shop)).toMatchObject({
    status: 200,
    data: { kept: "kept", failed: null },
    errors: [["it failed"]],
  });
});

test.each([
  ["a text in the list", '["just text"]', [["just text"]]],
  ["an object for the list", '{"message":"an object"}', [["an object"]]],
  ["an empty object for the list", "{}", []],
  ["null for the list", "null", []],
])("%s of errors costs no data [S23]", async (_, errors, expected) => {
  const answer = await answered("{ kept }", `{"data":{"kept":"kept"},"errors":${errors}}`);
  expect(answer).toMatchObject({ data: { kept: "kept" }, errors: expected });
});

test("an entity's error of unusual form stands at the entity as far as it can be told [S23]", async () => {
  const shop = '{"data":{"item":{"__typename":"Item","id":"1"}}}';
  const entities = '{"_entities":[{"stock":3,"price":null}]}';
  const at = async (error: string) =>
    (await answered("{ item { stock price } }", shop, `{"data":${entities},"errors":[${error}]}`)).errors;
  expect(await at('{"message":"m","path":["_entities","0","price"]}')).toEqual([["m", ["item", "price"]]]);
  expect(await at('{"message":"m","path":["_entities",0,null]}')).toEqual([["m", ["item"]]]);
  expect(await at('"text"')).toEqual([["text"]]);
});

test.each([
  ["behind a byte-order mark", '\uFEFF{"data":{"kept":"ä"}}'],
  ["without a content type", { body: '{"data":{"kept":"ä"}}', headers: {} }],
  ["with a charset", { body: '{"data":{"kept":"ä"}}', headers: { "content-type": "application/json; charset=utf-8" } }],
  ["as text", { body: '{"data":{"kept":"ä"}}', headers: { "content-type": "text/plain" } }],
  ["with status 400", { body: '{"data":{"kept":"ä"}}', status: 400 }],
  ["with status 500", { body: '{"data":{"kept":"ä"}}', status: 500 }],
])("data is read that comes %s", async (_, shop) => {
  expect(await answered("{ kept }", shop)).toEqual({
    status: 200,
    data: { kept: "ä" },
    errors: [],
    extensions: undefined,
  });
});

test.each([401, 422, 500, 503])("the errors of an answer with status %i are read", async (status) => {
  const { data, errors } = await answered("{ kept }", { body: '{"errors":[{"message":"not you"}]}', status });
  expect([data?.["kept"] ?? null, errors]).toEqual([null, [["not you", ["kept"]]]]);
});

test.each(["", "<html>busy</html>", '{"message":"busy"}', '{"data":null,"errors":[]}', '"busy"'])(
  "an answer that says nothing (%j) is an unavailable subgraph",
  async (shop) => {
    const { data, errors, extensions } = await answered("{ kept item { stock } }", shop);
    expect(data).toEqual({ kept: null, item: null });
    expect(errors.map(([, path]) => path)).toEqual([["kept"], ["item"]]);
    expect(extensions).toMatchObject({ code: "SERVICE_UNAVAILABLE", status: 503 });
  },
);

test("an error's `http` reaches neither our status nor the client", async () => {
  const extensions = '{"code":"TEAPOT","http":{"status":418,"headers":{"x-forged":"1"}},"reason":"short and stout"}';
  const answer = await answered("{ kept }", `{"data":null,"errors":[{"message":"m","extensions":${extensions}}]}`);
  expect(answer.status).not.toBe(418);
  expect(answer.extensions).toMatchObject({ code: "TEAPOT", reason: "short and stout" });
  expect(answer.extensions).not.toHaveProperty("http");
});
