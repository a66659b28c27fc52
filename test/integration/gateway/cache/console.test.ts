// An operator's look into the caches of a gateway, over HTTP: who may, what is shown, and that eviction reaches the
// other gateways.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createCacheConsole } from "../../../../gateway/cache/console/index.ts";
import { signedHeaders } from "../../../../gateway/transport/subgraph-headers.ts";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { createIdentitySigner } from "../../../../platform/auth/identity-header.ts";
import { createMemoryCache, type MemoryCache } from "../../../../platform/cache/memory-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createFaultProxy, type FaultProxy } from "../../../support/fault-proxy.ts";
import { namedId, userWith } from "../../../support/identities.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";
import { waitFor } from "../../../support/wait.ts";
import { bearer, startSignedInGateway } from "../signed-in-gateway.ts";
import type { Answer } from "../standalone-gateway.ts";

const SECRETS = ["s".repeat(40)];
const OPERATORS = namedId("org", "operators");

const user = (name: string, organizationId: string, permissions: readonly string[]): Identity => {
  const [userId, sessionId] = [namedId("usr", name), namedId("ses", name)];
  return userWith({ userId, sessionId, grants: { [organizationId]: permissions } });
};
const CALLERS = new Map<string | undefined, Identity>([
  [undefined, { kind: "ANONYMOUS" }],
  ["operator", user("operator", OPERATORS, ["organization.read", "organization.manage"])],
  ["colleague", user("colleague", OPERATORS, ["organization.read"])],
  ["owner", user("owner", namedId("org", "other"), ["organization.read", "organization.manage"])],
]);

interface ConsoleGateway {
  readonly log: readonly string[];
  readonly cache: MemoryCache;
  ask(token: string | undefined, query: string, variables?: object): Promise<Answer>;
  stop(): Promise<void>;
}

async function startGateway(
  redisUrl: string,
  operatorOrganizationId?: string,
  prefix = PREFIX,
): Promise<ConsoleGateway> {
  const log: string[] = [];
  const logger = createLogger({ name: "test", level: "info", destination: { write: (line) => void log.push(line) } });
  const cache = createMemoryCache({ maxEntries: 1_000, clock: systemClock });
  const console = createCacheConsole({
    clock: systemClock,
    logger,
    identitySecrets: SECRETS,
    operatorOrganizationId,
    redis: { url: redisUrl, prefix },
  });
  console.registry.add("test", cache);
  const gateway = await startSignedInGateway({
    logger,
    headers: signedHeaders(createIdentitySigner(SECRETS, systemClock)),
    authenticate: async (token) => ({ identity: CALLERS.get(token) ?? { kind: "ANONYMOUS" } }),
    endpoints: [console.endpoint],
    parts: console.parts,
  });
  return {
    log,
    cache,
    ask: async (token, query, variables = {}) => (await gateway.post({ query, variables }, bearer(token))).body,
    stop: gateway.stop,
  };
}

const LOOK = "query($tag: String!) { cacheEntries(tag: $tag) { cache key tags version age expiresAt bytes } }";
const EVICT = `mutation($tags: [String!]!) { cacheEvict(input: { tags: $tags }) { evictedCount gatewayCount userErrors { code status field } } }`;

const PREFIX = `console-${randomUUID()}`;

let near: ConsoleGateway;
let far: ConsoleGateway;
let nobodys: ConsoleGateway;

let redis: FaultProxy;

beforeAll(async () => {
  const { hostname, port } = new URL(serviceAddress("redis"));
  redis = await createFaultProxy({ target: { host: hostname, port: Number(port) } });
  const through = `redis://127.0.0.1:${redis.port}`;
  near = await startGateway(through, OPERATORS);
  far = await startGateway(through, OPERATORS);
  // Of another installation on the same Redis.
  nobodys = await startGateway(through, undefined, `${PREFIX}-elsewhere`);
});
afterAll(async () => {
  await Promise.all([near?.stop(), far?.stop(), nobodys?.stop()]);
  await redis?.stop();
});

const load = ({ cache }: ConsoleGateway, key: string, tags: readonly string[], value: string, version?: number) =>
  cache.getOrLoad(key, { ttlMs: 60_000, tags, ...(version === undefined ? {} : { version }) }, async () => value);
const held = async (gateway: ConsoleGateway, tag: string) =>
  (await gateway.ask("operator", LOOK, { tag })).data?.["cacheEntries"];

test("an operator sees what is cached under a tag: never the value, nor the key in clear", async () => {
  const [tag, other] = [`organization:${randomUUID()}`, `entity:${randomUUID()}`];
  await load(near, `usr_somebody secret@example.com ${tag}`, [tag, other], "a value that is nobody's business", 7);
  await waitFor(
    async () =>
      z
        .array(z.unknown())
        .min(1)
        .safeParse(await held(near, tag)).success,
    { what: "the entry" },
  );
  const answer = await near.ask("operator", LOOK, { tag });
  expect(answer.errors).toBeUndefined();
  expect(answer.data?.["cacheEntries"]).toEqual([
    {
      cache: "test",
      key: expect.stringMatching(/^[\w-]{22}$/),
      tags: [tag, other],
      version: 7,
      age: expect.any(Number),
      expiresAt: expect.any(String),
      bytes: expect.any(Number),
    },
  ]);
  expect(JSON.stringify(answer)).not.toMatch(/secret@example\.com|nobody's business/);
  expect(await held(near, "organization:unknown")).toEqual([]);
});

test("eviction by hand drops every entry with the tag, on the other gateways, too, and is logged with who did it", async () => {
  const [tag, kept] = [`organization:${randomUUID()}`, `organization:${randomUUID()}`];
  for (const gateway of [near, far]) {
    await load(gateway, `one ${tag}`, [tag], "old");
    await load(gateway, `two ${tag}`, [tag], "old");
    await load(gateway, `kept ${tag}`, [kept], "kept");
    expect(await held(gateway, tag)).toHaveLength(2);
  }
  const evicted = await near.ask("operator", EVICT, { tags: [tag] });
  expect(evicted.data?.["cacheEvict"]).toEqual({ evictedCount: 2, gatewayCount: 2, userErrors: [] });
  expect(await held(near, tag)).toEqual([]);
  const left = async () => z.array(z.unknown()).parse(await held(far, tag)).length;
  await waitFor(async () => (await left()) === 0, { what: "the other gateway to evict" });
  expect(await load(far, `one ${tag}`, [tag], "new")).toBe("new");
  expect(await load(far, `kept ${tag}`, [kept], "other")).toBe("kept");
  const line = near.log.find((text) => text.includes("evicted by hand"));
  expect(JSON.parse(line ?? "{}")).toMatchObject({
    callerId: namedId("usr", "operator"),
    tags: [tag],
    evictedCount: 2,
  });
});

test("whoever is no operator may neither look nor evict", async () => {
  const tag = `organization:${randomUUID()}`;
  await load(near, `entry ${tag}`, [tag], "value");
  for (const token of [undefined, "colleague", "owner"]) {
    const look = await near.ask(token, LOOK, { tag });
    expect([look.data, look.errors?.[0]?.extensions["code"]], token).toEqual([{ cacheEntries: null }, "FORBIDDEN"]);
    const evict = await near.ask(token, EVICT, { tags: [tag] });
    expect(evict.data?.["cacheEvict"], token).toEqual({
      evictedCount: null,
      gatewayCount: null,
      userErrors: [{ code: "FORBIDDEN", status: 403, field: null }],
    });
  }
  expect(await held(near, tag)).toHaveLength(1);
});

test("an installation that names no operators has none", async () => {
  const look = await nobodys.ask("operator", LOOK, { tag: "organization:any" });
  expect(look.errors?.[0]?.extensions["code"]).toBe("FORBIDDEN");
});

test("a wrong number of entries, or of tags, is refused", async () => {
  const query = '{ cacheEntries(tag: "a", first: 501) { key } }';
  expect((await near.ask("operator", query)).errors?.[0]?.extensions["code"]).toBe("BAD_USER_INPUT");
  for (const [tags, code] of [
    [[], "INVALID"],
    [Array.from({ length: 101 }, String), "INVALID"],
    [[""], "BLANK"],
    [["t".repeat(257)], "TOO_LONG"],
  ] as const) {
    const { data } = await near.ask("operator", EVICT, { tags });
    expect(data?.["cacheEvict"]).toMatchObject({ evictedCount: null, userErrors: [{ code }] });
  }
});

test("an eviction that other gateways cannot hear of says so, and is done here all the same", async () => {
  const tag = `organization:${randomUUID()}`;
  await load(near, `entry ${tag}`, [tag], "value");
  await redis.mode("refuse");
  try {
    const answer = await near.ask("operator", EVICT, { tags: [tag] });
    expect(answer.data?.["cacheEvict"]).toEqual({ evictedCount: 1, gatewayCount: null, userErrors: [] });
    expect(answer.errors?.[0]?.extensions["code"]).toBe("INCOMPLETE");
    expect(await held(near, tag)).toEqual([]);
  } finally {
    await redis.mode("pass");
  }
  const evicted = async () => (await near.ask("operator", EVICT, { tags: [tag] })).data?.["cacheEvict"];
  await waitFor(async () => JSON.stringify(await evicted()).includes('"gatewayCount":2'), {
    what: "the others to listen",
  });
});
