import { InMemoryCache } from "@apollo/client";
import { type DocumentNode, print } from "graphql";
import { expect, test } from "vitest";
import { documentHash } from "../../../gateway/operations/document-hash.ts";
import { readTrustedDocuments } from "../../../gateway/operations/trusted-documents.ts";
import { WEB_CLIENT_MANIFEST } from "../../../gateway/web-client-folder.ts";
import * as generated from "../../../schema/generated/operations.ts";
import { nameDocument } from "../../../web-client/src/graphql/named-document.ts";
import { operationId, operationText } from "../../../web-client/src/graphql/registered-operation.ts";

const documents = Object.entries(generated).flatMap(([name, value]): DocumentNode[] =>
  name.endsWith("Document") && "definitions" in Object(value) ? [value as DocumentNode] : [],
);

test("every operation of the web client is registered by the hash of the text that it sends", async () => {
  const cache = new InMemoryCache();
  const trusted = await readTrustedDocuments([WEB_CLIENT_MANIFEST]);
  expect(documents.length).toBe(trusted.names.size);
  for (const document of documents) {
    const text = operationText(document);
    expect(operationId(document)).toBe(documentHash(text));
    expect(trusted.holds(text)).toBe(true);
    // As Apollo Client and the live client send it: transformed by the cache.
    const transformed = cache.transformDocument(document);
    expect(operationId(transformed)).toBe(operationId(document));
    expect(print(transformed)).toBe(text);
  }
});

test("a hash goes alone, with its text after it was not found, and not at all where none is supported", () => {
  const named = nameDocument("{ a }", "hash");
  const extensions = { persistedQuery: { version: 1, sha256Hash: "hash" } };
  expect(named.request()).toEqual({ query: "", extensions });
  expect(named.answered("UNAUTHENTICATED")).toBe(false);
  expect(named.answered("PERSISTED_QUERY_NOT_FOUND")).toBe(true);
  expect(named.request()).toEqual({ query: "{ a }", extensions });
  expect(named.answered("PERSISTED_QUERY_NOT_FOUND")).toBe(false);
  expect(named.answered("PERSISTED_QUERY_NOT_SUPPORTED")).toBe(true);
  expect(named.request()).toEqual({ query: "{ a }", extensions: {} });
  expect(named.answered("PERSISTED_QUERY_NOT_SUPPORTED")).toBe(false);
});

test("a document without a hash is sent as text", () => {
  expect(nameDocument("{ a }", undefined).request()).toEqual({ query: "{ a }", extensions: {} });
});
