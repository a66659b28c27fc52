// Numbers that a double would change, over real HTTP: what a client or a subgraph wrote arrives at the other one as it
// was.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningGateway, startStandalone } from "./standalone-gateway.ts";
import { type ScriptedGraph, startScriptedGraph } from "./transports/scripted-graph.ts";

const NUMBERS = ["9007199254740993", "-123456789012345678901234567890", "0.1000000000000000055", "1e400", "-0", "1.0"];

const ACCOUNTS = `scalar Long scalar JSON
  input Range { from: Long to: [Long!] inner: Range json: JSON count: Int id: ID share: Float }
  enum Kind { A B }
  type Query { long: Long longs: [Long!] json: JSON id: ID float: Float account: Account accounts: [Account!]
    echo(long: Long, json: JSON, range: Range, ranges: [Range!], id: ID, n: Int, x: Float, kind: Kind): String }
  type Mutation { move(amount: Long!): String }
  type Account @key(fields: "id") @key(fields: "owner { number }") { id: Long! owner: Owner! limit: Long json: JSON }
  type Owner { number: Long! }`;
const BALANCES = `scalar Long scalar JSON
  type Account @key(fields: "id") { id: Long! balance: String rates(of: Long): JSON
    limit: Long @external json: JSON @external fee: Long @requires(fields: "limit json") }`;

let graph: ScriptedGraph;
let gateway: RunningGateway;
let accounts: string;
let balances: string;

beforeAll(async () => {
  graph = await startScriptedGraph({
    accounts: { sdl: ACCOUNTS, answer: () => accounts },
    balances: { sdl: BALANCES, answer: () => balances },
  });
  gateway = await startStandalone(graph.supergraphSdl, { SUBGRAPH_RETRIES: [] });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  accounts = '{"data":{"echo":null}}';
  for (const bodies of Object.values(graph.requestsOf)) bodies.length = 0;
});

async function textOf(body: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  return (await fetch(`${gateway.url}/graphql`, { method: "POST", headers, body })).text();
}

const ask = (query: string, variables = "{}") => textOf(`{"query":${JSON.stringify(query)},"variables":${variables}}`);

/** The last request that a subgraph got: its document, and the text of its variables. */
function lastSent(subgraph: string) {
  const body = graph.requestsOf[subgraph]?.at(-1) ?? "";
  const { query }: { query: string } = JSON.parse(body);
  const variables = /"variables":(.*?)(?:,"operationName":"\w+")?\}$/.exec(body)?.[1];
  return { query, variables };
}

test.each(NUMBERS)("%s of a subgraph reaches the client, alone, in lists and within objects [S23]", async (n) => {
  accounts = `{"data":{"long":${n},"longs":[1,${n}],"json":{"list":[{"n":${n}}],"text":"${n}"}}}`;
  const text = await ask("{ a: long longs json }");
  expect(text).toContain(`"data":{"a":${n},"longs":[1,${n}],"json":{"list":[{"n":${n}}],"text":"${n}"}}`);
});

test.each(NUMBERS)("%s is a key, and what a field requires, for other subgraphs [S23]", async (n) => {
  accounts = `{"data":{"accounts":[{"__typename":"Account","id":${n},"limit":${n},"json":{"a":[${n}]}},{"__typename":"Account","id":1,"limit":null,"json":${n}}]}}`;
  balances = `{"data":{"_entities":[{"balance":"b","fee":${n}},{"balance":"c","fee":null}]}}`;
  const text = await ask("{ accounts { id balance fee } }");
  expect(text).toContain(`[{"id":${n},"balance":"b","fee":${n}},{"id":1,"balance":"c","fee":null}]`);
  const { variables } = lastSent("balances");
  expect(variables).toContain(`"id":${n},`);
  expect(variables).toContain(`"limit":${n},`);
  expect(variables).toContain(`"json":{"a":[${n}]}`);
  expect(variables).toContain(`"json":${n}}`);
});

test("accounts whose numbers only a double would take for one are two", async () => {
  const references = ["9007199254740993", "9007199254740992", "9007199254740993"].map(
    (id) => `{"__typename":"Account","id":${id}}`,
  );
  accounts = `{"data":{"accounts":[${references}]}}`;
  balances = `{"data":{"_entities":[{"balance":"three"},{"balance":"two"}]}}`;
  const text = await ask("{ accounts { balance } }");
  expect(text).toContain('[{"balance":"three"},{"balance":"two"},{"balance":"three"}]');
  expect(lastSent("balances").variables?.match(/\d{16}/g)).toEqual(["9007199254740993", "9007199254740992"]);
});

test.each(NUMBERS)("%s as a literal reaches the subgraph, wherever it stands [S23]", async (n) => {
  await ask(`{ echo(long: ${n}) }`);
  expect(lastSent("accounts").query).toContain(`(long:${n})`);
  await ask(`{ echo(json: { a: [${n}, { b: ${n} }], c: "${n}", d: B }) }`);
  expect(compact(lastSent("accounts").query)).toContain(compact(`{a:[${n},{b:${n}}],c:"${n}",d:B}`));
  const range = `{ from: ${n}, to: [1, ${n}], inner: { from: ${n}, json: ${n} }, count: 3 }`;
  await ask(`{ echo(range: ${range}, kind: B) }`);
  expect(compact(lastSent("accounts").query)).toContain(`range:${compact(range)}`);
  await ask(`query ($v: Long = ${n}) { echo(long: $v) }`);
  expect(compact(lastSent("accounts").query)).toContain(`:Long=${n}`);
  accounts = '{"data":{"move":"m"}}';
  await ask(`mutation { move(amount: ${n}) }`);
  expect(lastSent("accounts").query).toContain(`amount:${n}`);
});

test("a literal of an argument of an entity's field reaches the subgraph in its digits", async () => {
  accounts = '{"data":{"account":{"__typename":"Account","id":1}}}';
  balances = `{"data":{"_entities":[{"rates":{"a":1.0}}]}}`;
  expect(await ask("{ account { rates(of: 9007199254740993) } }")).toContain('"rates":{"a":1.0}');
  expect(lastSent("balances").query).toContain("of:9007199254740993");
});

test("literals that differ in digits only are different, and are told apart in one document", async () => {
  accounts = '{"data":{"a":"three","b":"two"}}';
  await ask("{ a: echo(long: 9007199254740993) b: echo(long: 9007199254740992) }");
  const { query } = lastSent("accounts");
  expect(query).toContain("long:9007199254740993");
  expect(query).toContain("long:9007199254740992");
});

test.each(NUMBERS)("%s as a variable reaches the subgraph [S23]", async (n) => {
  const query = "query ($l: Long, $j: JSON, $r: [Range!]) { echo(long: $l, json: $j, ranges: $r) }";
  const variables = `{"l":${n},"j":{"a":[${n},{"b":${n}}]},"r":{"from":${n},"to":[${n}]}}`;
  await ask(query, variables);
  expect(valuesOf(lastSent("accounts").variables)).toBe(valuesOf(variables));
});

/** Without what a document may do without. */
const compact = (text: string) => text.replaceAll(/[\s,]/g, "");

/** What the names of variables are is nobody's business. */
function valuesOf(variables: string | undefined): string {
  return (variables ?? "").match(/-?\d[\d.eE+-]*/g)?.join(" ") ?? "";
}

test("built-in types are what the specification says: an ID is a text in its digits, an Int of 32 bits, a Float a double", async () => {
  accounts = '{"data":{"id":9007199254740993,"float":0.1000000000000000055}}';
  expect(await ask("{ id float }")).toContain('"data":{"id":"9007199254740993","float":0.1}');
  accounts = '{"data":{"id":7,"float":5.0}}';
  expect(await ask("{ id float }")).toContain('"data":{"id":"7","float":5}');

  accounts = '{"data":{"echo":null}}';
  const query = "query ($i: ID, $n: Int, $x: Float) { echo(id: $i, n: $n, x: $x) }";
  await ask(query, '{"i":9007199254740993,"n":1e3,"x":0.10}');
  expect(valuesOf(lastSent("accounts").variables)).toBe("9007199254740993 1000 0.10");
  await ask("{ echo(id: 9007199254740993, n: 7, x: 0.5) }");
  expect(lastSent("accounts").query).toContain("id:9007199254740993");
  graph.requestsOf["accounts"]?.splice(0);
  for (const variables of ['{"n":9007199254740993}', '{"n":1.50}', '{"x":1e400}', '{"i":1.50}'])
    expect(await ask(query, variables)).toContain('"code":"BAD_USER_INPUT"');
  expect(graph.requestsOf["accounts"]).toEqual([]);
});

test("numbers in extensions of errors keep their digits", async () => {
  accounts =
    '{"data":{"long":null},"errors":[{"message":"m","path":["long"],"extensions":{"limit":9007199254740993}}]}';
  expect(await ask("{ long }")).toContain('"limit":9007199254740993');
});

test("a large answer that comes again and again keeps its digits", async () => {
  const items = Array.from(
    { length: 300 },
    (_, at) => `{"id":${at % 7}.50,"limit":${9_007_199_254_740_990 + (at % 5)}1}`,
  );
  accounts = `{"data":{"accounts":[${items.join()}]}}`;
  const expected = `[${items.join()}]`;
  for (let turn = 0; turn < 4; turn += 1) expect(await ask("{ accounts { id limit } }")).toContain(expected);
});
