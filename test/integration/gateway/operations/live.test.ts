// Persisted and registered operations over sockets and streams: the same names, the same refusals as over HTTP.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOperations, type Operations } from "../../../../gateway/operations/create-operations.ts";
import type { GatewaySettings } from "../../../../gateway/ports.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { metricsText } from "../../../../platform/http/metrics-format.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "../live/live-stack.ts";
import { connect } from "../live/socket-client.ts";
import { read, type StreamStack, startStreamStack } from "../live/stream-stack.ts";

const ORDERS = "subscription Orders($shop: ID!) { orderEvents(shop: $shop) { sequence } }";
const OTHER = "subscription Others($shop: ID!) { orderEvents(shop: $shop) { type } }";

const logger = createLogger({ name: "live-operations-test", level: "silent" });
const events = eventLogOfFile();
let folder: string;
let open: StreamStack;
let strict: StreamStack;
let operations: Operations;

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const named = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hash(text) } });

async function start(settings: Pick<GatewaySettings, "TRUSTED_DOCUMENTS">, manifest: string) {
  const defaults = { PERSISTED_QUERIES: true, PERSISTED_QUERIES_TTL_MS: 60_000, PERSISTED_QUERIES_KEPT: 100 };
  const operations = await createOperations({
    settings: { ...defaults, ...settings },
    manifests: [manifest],
    clock: systemClock,
    logger,
  });
  const stack = await startStreamStack({ log: events.log, operations });
  for (const shop of ["s1", "s2", "sse", "multipart"])
    stack.live.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  return { operations, stack };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-manifest-"));
  const manifest = join(folder, "manifest.json");
  const registered = [{ id: hash(ORDERS), name: "Orders", type: "subscription", body: ORDERS }];
  await writeFile(
    manifest,
    JSON.stringify({ format: "apollo-persisted-query-manifest", version: 1, operations: registered }),
  );
  ({ stack: open } = await start({ TRUSTED_DOCUMENTS: "off" }, manifest));
  ({ stack: strict, operations } = await start({ TRUSTED_DOCUMENTS: "only" }, manifest));
});
afterAll(async () => {
  await open?.stop();
  await strict?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function socket(stack: StreamStack, shop: string) {
  const client = await connect(stack.live.url);
  client.send({
    type: "connection_init",
    payload: {
      authorization: `Bearer ${shop}`,
      "apollographql-client-name": "tail",
      "apollographql-client-version": "2",
    },
  });
  await waitFor(() => client.messages.some(({ type }) => type === "connection_ack"), { what: "connection_ack" });
  return {
    client,
    /** The code of the error, or the first event. */
    async ask(id: string, payload: object) {
      client.send({ id, type: "subscribe", payload: { variables: { shop }, ...payload } });
      const settled = () =>
        client.of("error", id)[0]?.payload[0].extensions.code ??
        (client.messages.some(({ type, payload: ping }) => type === "ping" && id in (ping?.tributary?.cursors ?? {})) ||
          undefined);
      return waitFor(settled, { what: `an answer to ${id}` });
    },
  };
}

test("a socket's subscription is sent by its hash once the gateway has seen its text", async () => {
  const { client, ask } = await socket(open, "s1");
  expect(await ask("a", { query: "", extensions: named(ORDERS) })).toBe("PERSISTED_QUERY_NOT_FOUND");
  expect(await ask("b", { query: ORDERS, extensions: named(ORDERS) })).toBe(true);
  expect(await ask("c", { query: "", extensions: named(ORDERS) })).toBe(true);
  await eventWriter(events.log, "s1").append(1);
  const [event] = await client.take("next", "c");
  expect(event?.payload.data).toEqual({ orderEvents: { sequence: "1" } });
  expect(await ask("d", { query: OTHER, extensions: named(ORDERS) })).toBe("BAD_REQUEST");
  client.close();
});

test("a socket runs registered operations only, by id and by text, and stays open for them", async () => {
  const { client, ask } = await socket(strict, "s2");
  expect(await ask("a", { query: OTHER })).toBe("QUERY_NOT_IN_SAFELIST");
  expect(await ask("b", { query: "{ people { id } }" })).toBe("QUERY_NOT_IN_SAFELIST");
  expect(await ask("c", { query: OTHER, extensions: named(OTHER) })).toBe("PERSISTED_QUERY_NOT_IN_LIST");
  expect(await ask("d", { query: "", extensions: named(ORDERS) })).toBe(true);
  expect(await ask("e", { query: "", documentId: hash(ORDERS) })).toBe(true);
  expect(await ask("f", { query: ORDERS })).toBe(true);
  client.close();
  const counted = metricsText(operations.metrics());
  expect(counted).toContain('tributary_operations_by_client_total{client="tail",version="2"} 3\n');
  expect(counted).toContain('tributary_operations_by_name_total{operation="Orders"} 3\n');
});

test.each(["sse", "multipart"] as const)(
  "a %s stream is opened by a hash, by POST and by GET, and no other",
  async (format) => {
    const options = { query: "", variables: { shop: format }, token: format, format };
    const other = await read(strict.url, { ...options, extensions: named(OTHER) });
    expect(other.response.status).toBe(400);
    expect(other.response.headers.get("content-type")).toContain("json");
    other.abort();
    const posted = await read(strict.url, { ...options, extensions: named(ORDERS) });
    const got = await read(strict.url, {
      ...options,
      extensions: named(ORDERS),
      get: true,
      headers: { "apollo-require-preflight": "1" },
    });
    expect([posted.response.status, got.response.status]).toEqual([200, 200]);
    const follows = () => strict.counts().subscriptions >= 2;
    await waitFor(follows, { what: "two subscriptions" });
    await eventWriter(events.log, format).append(1);
    for (const reader of [posted, got]) {
      const [event] = await reader.take(1);
      expect(JSON.stringify(event?.data)).toContain('"sequence"');
      reader.abort();
    }
    await waitFor(() => strict.counts().subscriptions === 0, { what: "the end of both" });
  },
);
