import fc from "fast-check";
import { expect, test } from "vitest";
import { documentHash } from "../../../../gateway/operations/document-hash.ts";
import { receiveHttp } from "../../../../gateway/operations/http-operation.ts";
import { createReceivedOperations } from "../../../../gateway/operations/received-operations.ts";
import { createUsage } from "../../../../gateway/operations/usage.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";

const TEXT = 'query Find($name: String) { find(name: $name, mark: "+&=%") { id } }';
const HASH = documentHash(TEXT);

const operations = createReceivedOperations({
  only: true,
  trusted: {
    text: (id) => (id === HASH ? TEXT : undefined),
    holds: (text) => text === TEXT,
    names: new Set(),
  },
  store: undefined,
  usage: createUsage(new Set()),
  logger: createLogger({ name: "operations-test", level: "silent" }),
});

const persistedQuery = { version: 1, sha256Hash: HASH };
const post = (body: unknown) => receiveHttp(operations, { method: "POST", body, search: "", client: undefined });
const get = (search: string) => receiveHttp(operations, { method: "GET", body: undefined, search, client: undefined });
const search = (fields: Record<string, string>) => `?${new URLSearchParams(fields)}`;

test("a body's document stands where its name was, and everything else stays", async () => {
  const extensions = { persistedQuery, tributary: { resume: "cursor" } };
  const { parameters, received } = await post({ variables: { name: "a" }, operationName: "Find", extensions });
  expect(received?.text).toBe(TEXT);
  expect(parameters).toEqual({
    variables: { name: "a" },
    operationName: "Find",
    query: TEXT,
    extensions: { tributary: { resume: "cursor" } },
  });
  expect((await post({ documentId: HASH })).parameters).toEqual({ query: TEXT });
});

test("an address' document stands where its name was", async () => {
  const variables = { name: "+ &" };
  const fields = { extensions: JSON.stringify({ persistedQuery }), variables: JSON.stringify(variables) };
  const { parameters } = await get(search({ ...fields, lastEventId: "7" }));
  expect(parameters).toEqual({ query: TEXT, variables });
});

test("what was checked is what runs: an address that names a parameter twice is refused", async () => {
  const one = search({ query: TEXT });
  for (const more of [
    "query=%7Bother%7D",
    "documentId=a&documentId=b",
    "extensions=%7B%7D&extensions=%7B%7D",
    "variables=%7B%7D&variables=%7B%7D",
    "operationName=Find&operationName=Find",
  ]) {
    const sent = await get(`${one}&${more}`);
    expect(sent.refused?.extensions["code"], more).toBe("BAD_REQUEST");
    expect(sent.received).toBeUndefined();
  }
});

test("no request gets by with another text than the one that was looked at", async () => {
  const scraps = [
    "",
    "?",
    "&",
    "=",
    "query",
    "documentId",
    "extensions",
    "{other}",
    encodeURIComponent(TEXT),
    "%",
    "+",
    "%7B",
    "null",
    '{"persistedQuery":null}',
    HASH,
  ];
  const address = fc.array(fc.constantFrom(...scraps), { maxLength: 14 }).map((parts) => `?${parts.join("")}`);
  await fc.assert(
    fc.asyncProperty(address, async (text) => {
      const sent = await get(text);
      expect(sent.parameters?.query).toBe(sent.received?.text);
      expect(sent.refused !== undefined || text === "" || sent.received !== undefined).toBe(true);
    }),
    { numRuns: 2_000 },
  );
  const part = fc.oneof(
    fc.constantFrom("", TEXT, "{ other }", HASH, null, 7),
    fc.constant({ persistedQuery }),
    fc.anything(),
  );
  const body = fc.record({ query: part, documentId: part, extensions: part }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(body, async (given) => {
      const { refused, received, parameters } = await post(given);
      expect(parameters?.query).toBe(received?.text);
      expect((refused === undefined) === (received !== undefined)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("refusals are told, not thrown", async () => {
  expect((await post({ query: "{ other }" })).refused?.extensions["code"]).toBe("QUERY_NOT_IN_SAFELIST");
  expect((await get(search({ query: "{ other }" }))).refused?.extensions["code"]).toBe("QUERY_NOT_IN_SAFELIST");
  expect((await get(search({ extensions: "no json" }))).refused?.extensions["code"]).toBe("BAD_REQUEST");
  expect((await post({})).refused?.extensions["code"]).toBe("BAD_REQUEST");
  // No GraphQL request at all: refused by who reads bodies.
  expect(await post([{ query: "{ other }" }])).toEqual({});
});
