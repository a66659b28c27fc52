import { GraphQLError } from "graphql";
import { beforeEach, expect, test } from "vitest";
import { documentHash } from "../../../../gateway/operations/document-hash.ts";
import { createDocumentStore, type DocumentStore } from "../../../../gateway/operations/document-store.ts";
import {
  createReceivedOperations,
  type ReceivedOperationsOptions,
  type SentOperation,
} from "../../../../gateway/operations/received-operations.ts";
import { createUsage } from "../../../../gateway/operations/usage.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";

const REGISTERED = "query Registered { me { id } }";
const OTHER = "query Other { me { name } }";

const trusted = {
  text: (id: string) => (id === documentHash(REGISTERED) || id === "registered-1" ? REGISTERED : undefined),
  holds: (text: string) => text === REGISTERED,
  names: new Set(["Registered"]),
};
let store: DocumentStore;

beforeEach(() => {
  store = createDocumentStore({ capacity: 100, ttlMs: 60_000, clock: systemClock });
});

function create(options: Partial<ReceivedOperationsOptions> = {}) {
  const operations = createReceivedOperations({
    only: false,
    trusted,
    store,
    usage: createUsage(trusted.names),
    logger: createLogger({ name: "operations-test", level: "silent" }),
    ...options,
  });
  return async (sent: Omit<SentOperation, "client">) => {
    try {
      return await operations.receive({ ...sent, client: undefined });
    } catch (error) {
      if (error instanceof GraphQLError) return error.extensions["code"];
      throw error;
    }
  };
}

const hashed = (sha256Hash: string, version = 1) => ({ persistedQuery: { version, sha256Hash } });
const textOf = (received: unknown) => (received instanceof Object ? Reflect.get(received, "text") : received);

function accept(received: unknown): void {
  const accepted: unknown = Reflect.get(Object(received), "accepted");
  if (typeof accepted === "function") accepted("Other");
}

test("a text runs as it came, and nothing is kept of it", async () => {
  const receive = create();
  const received = await receive({ query: OTHER });
  expect(textOf(received)).toBe(OTHER);
  accept(received);
  expect(await store.find(documentHash(OTHER))).toBeUndefined();
});

test("a text that came with its hash is found by the hash once it was accepted, not before", async () => {
  const receive = create();
  const text = `${OTHER} # ${crypto.randomUUID()}`;
  const extensions = hashed(documentHash(text));
  expect(await receive({ extensions })).toBe("PERSISTED_QUERY_NOT_FOUND");
  const received = await receive({ query: text, extensions });
  expect(await receive({ extensions })).toBe("PERSISTED_QUERY_NOT_FOUND");
  accept(received);
  expect(textOf(await receive({ extensions }))).toBe(text);
  expect(textOf(await receive({ documentId: `sha256:${documentHash(text)}` }))).toBe(text);
});

test("a hash that is not the text's is refused, and so is one of another protocol", async () => {
  const receive = create();
  expect(await receive({ query: OTHER, extensions: hashed(documentHash("another")) })).toBe("BAD_REQUEST");
  expect(await receive({ query: OTHER, extensions: hashed(documentHash(OTHER), 2) })).toBe("BAD_REQUEST");
  expect(await receive({ extensions: { persistedQuery: "everything" } })).toBe("BAD_REQUEST");
  expect(await receive({ documentId: "a", extensions: hashed("b") })).toBe("BAD_REQUEST");
  expect(await receive({ documentId: "x".repeat(257) })).toBe("BAD_REQUEST");
});

test("a long text runs but is not kept: it must not fill the store", async () => {
  const receive = create();
  const text = `${OTHER} # ${"x".repeat(20_000)}`;
  const extensions = hashed(documentHash(text));
  accept(await receive({ query: text, extensions }));
  expect(await receive({ extensions })).toBe("PERSISTED_QUERY_NOT_FOUND");
});

test("without a store, hashes of unknown texts are not supported, and registered ones work", async () => {
  const receive = create({ store: undefined });
  expect(await receive({ extensions: hashed(documentHash(OTHER)) })).toBe("PERSISTED_QUERY_NOT_SUPPORTED");
  expect(textOf(await receive({ extensions: hashed(documentHash(REGISTERED)) }))).toBe(REGISTERED);
});

test("registered documents are known by hash, by any other id and by their text", async () => {
  for (const only of [false, true]) {
    const receive = create({ only });
    expect(textOf(await receive({ extensions: hashed(documentHash(REGISTERED)) }))).toBe(REGISTERED);
    expect(textOf(await receive({ documentId: "registered-1" }))).toBe(REGISTERED);
    expect(textOf(await receive({ query: REGISTERED }))).toBe(REGISTERED);
    expect(await receive({ documentId: "registered-1", query: OTHER })).toBe("BAD_REQUEST");
  }
});

test("where only registered documents run, no other does, however it is named", async () => {
  const receive = create({ only: true });
  expect(await receive({ query: OTHER })).toBe("QUERY_NOT_IN_SAFELIST");
  expect(await receive({ query: `${REGISTERED} ` })).toBe("QUERY_NOT_IN_SAFELIST");
  expect(await receive({ query: OTHER, extensions: hashed(documentHash(OTHER)) })).toBe("PERSISTED_QUERY_NOT_IN_LIST");
  expect(await receive({ extensions: hashed(documentHash(OTHER)) })).toBe("PERSISTED_QUERY_NOT_IN_LIST");
  expect(await receive({ documentId: "__proto__" })).toBe("PERSISTED_QUERY_NOT_IN_LIST");
});

test("a request that names nothing is refused", async () => {
  for (const only of [false, true]) {
    expect(await create({ only })({})).toBe("BAD_REQUEST");
    expect(await create({ only })({ extensions: { persistedQuery: null } })).toBe("BAD_REQUEST");
  }
});
