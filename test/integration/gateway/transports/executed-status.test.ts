// The status of an answer: what was executed succeeded as a request, and only what was refused has the status of its
// refusal.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GatewaySettings } from "../../../../gateway/ports.ts";
import { parseAnswer, type RunningGateway, startStandalone } from "../standalone-gateway.ts";
import { type ScriptedGraph, startScriptedGraph } from "./scripted-graph.ts";

const JSON_TYPE = "application/json";
const RESPONSE_TYPE = "application/graphql-response+json";
const EXECUTORS: readonly GatewaySettings["EXECUTOR"][] = ["tributary", "apollo"];

let scripted = "";
let graph: ScriptedGraph;
let gateways: ReadonlyMap<string, RunningGateway>;

beforeAll(async () => {
  const sdl = "type Query { hard: String! soft: String } type Mutation { change: String! }";
  graph = await startScriptedGraph({ things: { sdl, answer: () => scripted } });
  const started = EXECUTORS.map(
    async (executor) => [executor, await startStandalone(graph.supergraphSdl, { EXECUTOR: executor })] as const,
  );
  gateways = new Map(await Promise.all(started));
});
afterAll(async () => {
  for (const gateway of gateways.values()) await gateway[Symbol.asyncDispose]();
  await graph[Symbol.asyncDispose]();
});

async function ask(executor: string, query: string, accept: string) {
  const response = await fetch(`${gateways.get(executor)?.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify({ query }),
  });
  return {
    status: response.status,
    headers: response.headers,
    reason: response.statusText,
    body: parseAnswer(await response.text()),
  };
}

const failed = (path: string, extensions: object, data: unknown = null) =>
  JSON.stringify({ data, errors: [{ message: "no such thing", path: [path], extensions }] });

const SUBGRAPH_ERRORS: readonly (readonly [string, object])[] = [
  ["NOT_FOUND", { code: "NOT_FOUND" }],
  ["UNAUTHENTICATED", { code: "UNAUTHENTICATED" }],
  ["FORBIDDEN with a status", { code: "FORBIDDEN", status: 403 }],
  ["BAD_USER_INPUT", { code: "BAD_USER_INPUT", status: 400 }],
  ["INTERNAL_SERVER_ERROR", { code: "INTERNAL_SERVER_ERROR", status: 500, retryable: false }],
  ["a status alone", { status: 418 }],
  ["an HTTP status", { code: "TEAPOT", http: { status: 418 } }],
  ["an HTTP status and headers", { code: "GONE", status: 410, http: { status: 410, headers: { location: "/else" } } }],
  ["an HTTP status that is none", { http: { status: "418" } }],
  ["nothing", {}],
];

for (const executor of EXECUTORS) {
  test.each(SUBGRAPH_ERRORS)(
    `${executor}: a subgraph's error with %s sets no status of ours`,
    async (_, extensions) => {
      for (const [query, answer, data] of [
        ["{ hard }", failed("hard", extensions), null],
        ["{ soft }", failed("soft", extensions, { soft: null }), { soft: null }],
        ["mutation { change }", failed("change", extensions), null],
      ] as const) {
        scripted = answer;
        const plain = await ask(executor, query, JSON_TYPE);
        expect([plain.status, plain.body.data], query).toEqual([200, data]);
        expect(plain.headers.get("content-type")).toMatch(/^application\/json/);
        expect(plain.headers.get("www-authenticate")).toBeNull();
        expect(plain.headers.get("location")).toBeNull();
        expect(plain.body.errors).toHaveLength(1);
        const own = await ask(executor, query, RESPONSE_TYPE);
        expect([own.status, own.reason, own.body.data], query).toEqual([294, "Partial Success", data]);
        expect(own.headers.get("content-type")).toMatch(/^application\/graphql-response\+json/);
      }
    },
  );

  test(`${executor}: an answer that breaks the schema, or none at all, was executed all the same`, async () => {
    for (const answer of [
      '{"data":{"hard":null}}',
      '{"data":{"hard":{}}}',
      "<html>",
      '{"errors":[{"message":"away"}]}',
    ]) {
      scripted = answer;
      const { status, body } = await ask(executor, "{ hard }", JSON_TYPE);
      expect([status, body.data], answer).toEqual([200, null]);
      expect(body.errors?.length, answer).toBeGreaterThan(0);
    }
  });

  test(`${executor}: an answer without errors is 200 in either media type`, async () => {
    scripted = '{"data":{"hard":"x"}}';
    for (const accept of [JSON_TYPE, RESPONSE_TYPE]) {
      const { status, body } = await ask(executor, "{ hard }", accept);
      expect([status, body]).toEqual([200, { data: { hard: "x" } }]);
    }
  });

  test.each([
    ["what does not parse", "{", 400],
    ["what does not validate", "{ nothing }", 400],
    ["what is too deep", `{ ${"a { ".repeat(20)} b ${"}".repeat(20)} }`, 400],
    ["a variable without a value", "query ($v: Boolean!) { soft @include(if: $v) }", 400],
    ["no operation", "fragment F on Query { soft }", 400],
  ])(`${executor}: %s is refused with its status and without data`, async (_, query, expected) => {
    for (const accept of [JSON_TYPE, RESPONSE_TYPE]) {
      const { status, body } = await ask(executor, query, accept);
      expect(status).toBe(expected);
      expect(body).not.toHaveProperty("data");
    }
  });
}
