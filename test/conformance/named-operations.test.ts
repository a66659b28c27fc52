// Hashes over a platform of several gateways: what one of them was sent, the others know, and registered operations
// need no sending.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { WEB_CLIENT_MANIFEST } from "../../gateway/web-client-folder.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack("distributed", { gateways: 2 });
});
afterAll(() => stack?.stop());

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

async function ask(gateway: number, id: string, query?: string): Promise<unknown> {
  const response = await fetch(`${stack.gateways[gateway]?.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, extensions: { persistedQuery: { version: 1, sha256Hash: id } } }),
  });
  return response.json();
}

test("a text that one gateway was sent is run by its hash at the other [S107]", async () => {
  const text = "query Catalogue { plans(first: 5) { edges { node { id } } } }";
  const unknown = { errors: [{ extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }] };
  expect(await ask(0, hash(text))).toMatchObject(unknown);
  expect(await ask(0, hash(text), text)).toMatchObject({ data: { plans: { edges: expect.any(Array) } } });
  // A gateway gives up on a Redis that is slow: clients send a text again when it is not found.
  const elsewhere = async () => {
    await ask(0, hash(text), text);
    return ask(1, hash(text));
  };
  await expect.poll(elsewhere).toMatchObject({ data: { plans: { edges: expect.any(Array) } } });
});

test("the web client's operations are known to every gateway from its start", async () => {
  const manifestSchema = z.object({ operations: z.array(z.object({ id: z.string(), name: z.string() })) });
  const { operations } = manifestSchema.parse(JSON.parse(await readFile(WEB_CLIENT_MANIFEST, "utf8")));
  const viewer = operations.find(({ name }) => name === "Viewer");
  for (const gateway of [0, 1]) {
    expect(await ask(gateway, viewer?.id ?? "")).toMatchObject({ data: { viewer: null } });
  }
});
