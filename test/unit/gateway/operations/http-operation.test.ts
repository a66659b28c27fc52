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
  const { body, received } = await post({ variables: { name: "a" }, operationName: "Find", extensions });
  expect(received?.text).toBe(TEXT);
  expect(body).toEqual({
    variables: { name: "a" },
    operationName: "Find",
    query: TEXT,
    extensions: { tributary: { resume: "cursor" } },
  });
  expect((await post({ documentId: HASH })).body).toEqual({ query: TEXT });
});

test("an address' document stands where its name was, for every reader alike", async () => {
  const variables = JSON.stringify({ name: "+ &" });
  const sent = await get(search({ extensions: JSON.stringify({ persistedQuery }), variables, lastEventId: "7" }));
  expect(sent.query).toEqual({ query: TEXT, variables, lastEventId: "7" });
  expect(Object.fromEntries(new URLSearchParams(sent.search))).toEqual(sent.query);
});

test("a request without a name is passed on untouched", async () => {
  const body = { query: TEXT };
  expect((await post(body)).body).toBe(body);
  const address = search({ query: TEXT });
  expect(await get(address)).toMatchObject({ search: address, query: { query: TEXT }, received: { text: TEXT } });
});

test("what was checked is what runs: an address that names several operations is refused", async () => {
  const one = search({ query: TEXT });
  for (const more of ["query=%7Bother%7D", "documentId=a&documentId=b", "extensions=%7B%7D&extensions=%7B%7D"]) {
    const sent = await get(`${one}&${more}`);
    expect(sent.refused?.extensions["code"]).toBe("BAD_REQUEST");
    expect(sent.received).toBeUndefined();
  }
});

test("no request that holds a text gets by unseen", async () => {
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
      const texts = new URLSearchParams(sent.search).getAll("query").filter((query) => query !== "");
      if (sent.refused === undefined && texts.length > 0) expect(texts).toEqual([sent.received?.text]);
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
      const { refused, received, body: left } = await post(given);
      const text: unknown = Reflect.get(Object(left), "query");
      if (refused === undefined && typeof text === "string" && text !== "") expect(received?.text).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test("refusals are told, not thrown", async () => {
  expect((await post({ query: "{ other }" })).refused?.extensions["code"]).toBe("QUERY_NOT_IN_SAFELIST");
  expect((await get(search({ query: "{ other }" }))).refused?.extensions["code"]).toBe("QUERY_NOT_IN_SAFELIST");
  expect((await get(search({ extensions: "no json" }))).received).toBeUndefined();
  expect(await post([{ query: "{ other }" }])).not.toHaveProperty("received");
});
