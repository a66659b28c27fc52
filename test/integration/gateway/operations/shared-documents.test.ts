// Texts that clients persisted, shared by gateways over a real Redis.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentHash } from "../../../../gateway/operations/document-hash.ts";
import { createDocumentStore } from "../../../../gateway/operations/document-store.ts";
import { createRedisCache, type RedisCache } from "../../../../platform/cache/redis-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createRedisConnection, type RedisConnection } from "../../../../platform/redis/redis-connection.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";

let connection: RedisConnection;
let redis: RedisCache;

beforeAll(async () => {
  const logger = createLogger({ name: "documents-test", level: "silent" });
  connection = createRedisConnection({ url: serviceAddress("redis"), name: "documents-test", logger });
  await connection.start();
  redis = createRedisCache(connection, { namespace: `documents-${randomUUID()}`, clock: systemClock });
});
afterAll(() => connection?.stop());

const gateway = (kept = 100) =>
  createDocumentStore({ capacity: kept, ttlMs: 60_000, clock: systemClock, shared: redis });
const text = (name: string) => `{ ${name} }`;
const keep = (store: ReturnType<typeof gateway>, name: string) => store.keep(documentHash(text(name)), text(name));
const find = (store: ReturnType<typeof gateway>, name: string) => store.find(documentHash(text(name)));

test("what one gateway was sent, the others know", async () => {
  const [one, other] = [gateway(), gateway()];
  await keep(one, "plans");
  expect(await find(other, "plans")).toBe(text("plans"));
});

test("what somebody else wrote under a hash does not run under it", async () => {
  const hash = documentHash("{ harmless }");
  await redis.set(hash, "{ harmful }", { ttlMs: 60_000 });
  expect(await gateway().find(hash)).toBeUndefined();
});

test("a flood of texts is kept by nobody for long: memory gives up the oldest, few are shared at once", async () => {
  const flooded = gateway(40);
  const names = Array.from({ length: 200 }, (_, index) => `flood${index}`);
  for (const name of names) await keep(flooded, name);
  const shared = await Promise.all(names.map((name) => find(gateway(), name)));
  expect(shared.filter((found) => found !== undefined).length).toBeLessThanOrEqual(12);
  expect(await find(flooded, "flood199")).toBe(text("flood199"));
  expect(await find(flooded, "flood100")).toBeUndefined();
});

test("a Redis that is away costs nothing but what it held", async () => {
  const logger = createLogger({ name: "documents-test", level: "silent" });
  const away = createRedisConnection({ url: "redis://127.0.0.1:1", name: "documents-away", logger });
  const shared = createRedisCache(away, { namespace: "away", clock: systemClock });
  const store = createDocumentStore({ capacity: 10, ttlMs: 60_000, clock: systemClock, shared });
  await keep(store, "plans");
  expect(await find(store, "plans")).toBe(text("plans"));
  expect(await find(store, "never")).toBeUndefined();
  await away.stop();
});
