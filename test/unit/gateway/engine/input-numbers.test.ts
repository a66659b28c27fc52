// What numbers of variables become, by the types that are declared for them.
import { buildSchema, getVariableValues } from "graphql";
import { expect, test } from "vitest";
import { coerceVariables } from "../../../../gateway/engine/variables.ts";
import { isJsonObject, type JsonObject } from "../../../../gateway/transport/json-object.ts";
import { parseJson } from "../../../../gateway/transport/lossless-json.ts";
import { declaredAs } from "./declared-variables.ts";

function parsedObject(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new Error("no object");
  return value;
}

const NUMBERS = buildSchema(`
  scalar Long
  input Range { from: Long to: [Long!] count: Int share: Float id: ID inner: Range }
  type Query { f(long: Long, range: Range, ids: [ID!], n: Int, x: Float, text: String): Int }
`);
const ALL = "$long: Long, $longs: [Long!], $range: Range, $ids: [ID!], $n: Int, $x: Float";

test("numbers of custom scalars keep their digits, built-in types are what the specification says, and subgraphs get what was written", () => {
  const text = `{
    "long": 9007199254740993, "longs": 1.0, "ids": [9007199254740993, 7.0], "n": 1e3, "x": 0.1000000000000000055,
    "range": {"from": -0, "to": [1e400], "count": 2.0, "share": 2.0, "id": 123456789012345678, "inner": {"count": -0}}
  }`;
  const given = parsedObject(text);
  const answer = coerceVariables(NUMBERS, declaredAs(ALL), given);
  if ("errors" in answer) throw answer.errors[0];
  expect(JSON.stringify(answer.coerced)).toBe(
    '{"long":9007199254740993,"longs":[1.0],' +
      '"range":{"from":-0,"to":[1e400],"count":2,"share":2,"id":"123456789012345678","inner":{"count":0}},' +
      '"ids":["9007199254740993","7"],"n":1000,"x":0.1}',
  );
  expect(JSON.stringify(answer.sent)).toBe(
    '{"long":9007199254740993,"longs":1.0,"ids":[9007199254740993,7.0],"n":1000,"x":0.1000000000000000055,' +
      '"range":{"from":-0,"to":[1e400],"count":2,"share":2.0,"id":123456789012345678,"inner":{"count":0}}}',
  );
});

test.each([
  ["$n: Int", '{"n":9007199254740993}'],
  ["$n: Int", '{"n":1.50}'],
  ["$x: Float", '{"x":1e400}'],
  ["$ids: [ID!]", '{"ids":[1.50]}'],
  ["$text: String", '{"text":1.0}'],
  ["$range: Range", '{"range":1.0}'],
  ["$range: Range", '{"range":{"count":9007199254740993}}'],
])("%s with %s is refused as ever, and the value is shown", (declared, text) => {
  const given = parsedObject(text);
  const answer = coerceVariables(NUMBERS, declaredAs(declared), given);
  const theirs = getVariableValues(NUMBERS, declaredAs(declared).definitions, JSON.parse(text), { maxErrors: 20 });
  expect("errors" in answer && answer.errors.map(({ message }) => message)).toEqual(
    theirs.errors?.map(({ message }) => message),
  );
});

test("defaults keep their digits, too", () => {
  const declared = declaredAs(
    "$long: Long = 9007199254740993, $range: Range = { from: 1.0, count: 3, id: 9007199254740993 }",
  );
  const answer = coerceVariables(NUMBERS, declared, {});
  expect(JSON.stringify(answer)).toBe(
    '{"coerced":{"long":9007199254740993,"range":{"from":1.0,"count":3,"id":"9007199254740993"}},"sent":{}}',
  );
});
