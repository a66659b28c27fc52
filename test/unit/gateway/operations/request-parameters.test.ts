import fc from "fast-check";
import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import {
  addressOf,
  parametersOfAddress,
  parametersOfJson,
  type RequestParameters,
} from "../../../../gateway/operations/request-parameters.ts";

const TEXTS = ["query", "documentId", "operationName"] as const;
const OBJECTS = ["variables", "extensions"] as const;
const NONE: RequestParameters = {
  query: undefined,
  documentId: undefined,
  operationName: undefined,
  variables: undefined,
  extensions: undefined,
};

function refusalOf(read: () => unknown): unknown {
  try {
    read();
  } catch (error) {
    return error instanceof GraphQLError ? [error.extensions["code"], error.message] : error;
  }
  return undefined;
}

test.each([...TEXTS, ...OBJECTS])("%s that is absent, null or an empty text is not given", (name) => {
  for (const value of [undefined, null, ""]) expect(parametersOfJson({ [name]: value })).toEqual(NONE);
  expect(parametersOfJson({})).toEqual(NONE);
  expect(parametersOfAddress(new URLSearchParams())).toEqual(NONE);
  expect(parametersOfAddress(new URLSearchParams({ [name]: "" }))).toEqual(NONE);
});

test.each(TEXTS)("%s of another type is refused by its name", (name) => {
  for (const value of [0, 7, true, false, [], ["x"], {}]) {
    const refused = refusalOf(() => parametersOfJson({ [name]: value }));
    expect(refused).toEqual(["BAD_REQUEST", `\`${name}\` must be a string.`]);
  }
});

test.each(OBJECTS)("%s of another type, a text included, is refused by its name", (name) => {
  for (const value of [0, 7, true, false, [], [1], "x", "{}", '{"n":1}']) {
    const refused = refusalOf(() => parametersOfJson({ [name]: value }));
    expect(refused).toEqual(["BAD_REQUEST", `\`${name}\` must be a JSON object.`]);
  }
  for (const text of ["0", "[]", '"x"', "true"]) {
    const refused = refusalOf(() => parametersOfAddress(new URLSearchParams({ [name]: text })));
    expect(refused).toEqual(["BAD_REQUEST", `\`${name}\` must be a JSON object.`]);
  }
  const unreadable = refusalOf(() => parametersOfAddress(new URLSearchParams({ [name]: "{" })));
  expect(unreadable).toEqual(["BAD_REQUEST", `\`${name}\` must be the JSON text of an object.`]);
  expect(parametersOfAddress(new URLSearchParams({ [name]: "null" }))).toEqual(NONE);
});

test("a byte-order mark before JSON in an address is no fault", () => {
  const address = new URLSearchParams({ variables: '\u{feff}{"n":1}' });
  expect(parametersOfAddress(address).variables).toEqual({ n: 1 });
});

test("an address says the same as the body that it was made of", () => {
  const text = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
  // JSON knows no negative zero.
  const object = fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined });
  const parameters = fc.record({
    query: text,
    documentId: text,
    operationName: text,
    variables: object,
    extensions: object,
  });
  fc.assert(
    fc.property(parameters, (given) => {
      const sent: unknown = JSON.parse(JSON.stringify(given));
      const fromText = parametersOfJson(Object(sent));
      expect(parametersOfAddress(new URLSearchParams(addressOf(fromText)))).toEqual(fromText);
    }),
  );
});
