// Numbers of an answer in built-in types, for an executor that knows JavaScript's values only.
import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { createDeclareNumbers } from "../../../../gateway/transport/declared-numbers.ts";
import { isJsonObject } from "../../../../gateway/transport/json-object.ts";
import { parseJson } from "../../../../gateway/transport/lossless-json.ts";

const declare = createDeclareNumbers(
  buildSchema(`
    scalar Long
    scalar JSON
    type Query { account: Account list: [Account!] node: Node }
    interface Node { id: ID! }
    type Account implements Node { id: ID! amount: Long share: Float shares: [[Float!]] count: Int json: JSON owner: Account }
  `),
);

function declared(query: string, text: string): string {
  const data = parseJson(text);
  if (!isJsonObject(data)) throw new Error("no object");
  return JSON.stringify(declare(query, data));
}

test("built-in types hold JavaScript's values, custom scalars their digits, wherever they are selected", () => {
  const leaves =
    '"id":9007199254740993,"a":9007199254740993,"share":0.1000000000000000055,"shares":[[5.0]],"count":7.0';
  const expected = '"id":"9007199254740993","a":9007199254740993,"share":0.1,"shares":[[5]],"count":7';
  const fields = "id a: amount share shares count json";
  const fragment = `fragment F on Account { ${fields} }`;
  for (const query of [
    `{ account { ${fields} owner { ${fields} } } }`,
    `query ($v: Int) { account { ...F ... { owner { ...F } } } } ${fragment}`,
    `{ account: node { ... on Account { ...F owner { ... on Node { id } ...F } } } } ${fragment}`,
  ]) {
    expect(declared(query, `{"account":{${leaves},"json":{"id":1.0},"owner":{${leaves},"json":[1.0]}}}`)).toBe(
      `{"account":{${expected},"json":{"id":1.0},"owner":{${expected},"json":[1.0]}}}`,
    );
  }
});

test("entities are known by the types of their fragments, under any response name", () => {
  const query = `query ($representations_3: [_Any!]!) { _entities_3: _entities(representations: $representations_3) {
    ... on Account { id share amount } } }`;
  expect(declared(query, '{"_entities_3":[{"id":9007199254740993,"share":5.0,"amount":5.0},null]}')).toBe(
    '{"_entities_3":[{"id":"9007199254740993","share":5,"amount":5.0},null]}',
  );
});

test("data without such numbers stays the same object, and data with some is not changed", () => {
  const plain = { account: { id: "1", share: 0.5 } };
  expect(declare("{ account { id share } }", plain)).toBe(plain);
  const data = parseJson('{"account":{"share":5.0}}');
  if (!isJsonObject(data)) throw new Error("no object");
  expect(declare("{ account { share } }", data)).toEqual({ account: { share: 5 } });
  expect(JSON.stringify(data)).toBe('{"account":{"share":5.0}}');
});
