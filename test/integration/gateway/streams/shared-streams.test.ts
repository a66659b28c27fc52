// Several gateways over one real Redis: each lists and closes what the others hold, and none needs Redis to serve.
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { createFaultProxy } from "../../../support/fault-proxy.ts";
import { namedId } from "../../../support/identities.ts";
import { startProcess } from "../../../support/process.ts";
import { type RedisServer, startRedis } from "../../../support/services/redis.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "../live/live-stack.ts";
import { connect, type SocketClient } from "../live/socket-client.ts";
import { liveStackOfFile } from "../live/stack-of-file.ts";
import { type GatewayOptions, type StreamsGateway, startGateway } from "./gateways.ts";

const world = liveStackOfFile();

const QUERY = "subscription Orders($shop: ID!) { orderEvents(shop: $shop) { sequence } }";
const SHORT_LEASE_MS = 900;

function member(shop: string): string {
  const token = `member-of-${shop}`;
  world.stack.viewers.set(token, viewer(namedId("usr", shop), { [shop]: ["orders.read"] }));
  return token;
}

/** A server of the test's own. */
async function redisServer(): Promise<RedisServer> {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server;
}

async function gatewayOver(redisUrl: string, options: GatewayOptions = {}): Promise<StreamsGateway> {
  const gateway = await startGateway(world.stack, { redisUrl, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function follow(gateway: StreamsGateway, token: string, shop: string, count = 1): Promise<SocketClient> {
  const socket = await connect(gateway.socketUrl);
  onTestFinished(() => socket.close());
  await socket.init(token);
  const ids = Array.from({ length: count }, (_, index) => String(index));
  await Promise.all(ids.map((id) => socket.subscribe(id, QUERY, { variables: { shop } })));
  return socket;
}

function untilListed(gateway: StreamsGateway, token: string, count: number) {
  return waitFor(
    async () => {
      const { data, errors } = await gateway.list(token);
      return errors === undefined && data?.liveSubscriptions.length === count && data.liveSubscriptions;
    },
    { what: `${count} listed subscriptions` },
  );
}

async function calls(url: string, command: string): Promise<number> {
  const redis = new Redis(url);
  try {
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.info("commandstats"))?.[1] ?? 0);
  } finally {
    redis.disconnect();
  }
}

test("each gateway lists what all of them hold, and closes it wherever it is [S105]", async () => {
  const shop = "shared-1";
  const token = member(shop);
  const { url } = await redisServer();
  const [one, two] = [await gatewayOver(url), await gatewayOver(url)];
  const first = await follow(one, token, shop, 2);
  const second = await follow(two, token, shop);
  const fromOne = await untilListed(one, token, 3);
  const fromTwo = await untilListed(two, token, 3);
  expect(fromTwo).toEqual(fromOne);
  // The oldest is on the first gateway.
  const oldest = fromTwo[2]?.id ?? "";
  expect((await two.close(token, oldest)).data?.liveSubscriptionClose).toEqual({ closedId: oldest, userErrors: [] });
  const ended = await waitFor(() => first.messages.find(({ type }) => type === "error"), { what: "the end" });
  expect(ended.payload[0].extensions).toMatchObject({ code: "CLOSED_BY_VIEWER" });
  await untilListed(two, token, 2);
  await eventWriter(world.log, shop).append(1);
  await first.take("next", ended.id === "0" ? "1" : "0");
  await second.take("next", "0");
  // Known to no gateway, and somebody else's: the same.
  const stranger = member("shared-1-stranger");
  const refusal = { closedId: null, userErrors: [{ code: "NOT_FOUND", field: ["input", "id"], status: 404 }] };
  for (const id of [oldest, fromOne[0]?.id ?? ""]) {
    expect((await one.close(stranger, id)).data?.liveSubscriptionClose).toEqual(refusal);
    expect((await two.close(stranger, id)).data?.liveSubscriptionClose).toEqual(refusal);
  }
  await untilListed(one, token, 2);
});

test("gateways with different prefixes share a Redis and nothing in it", async () => {
  const shop = "shared-9";
  const token = member(shop);
  const { url } = await redisServer();
  const [one, two] = [await gatewayOver(url), await gatewayOver(url)];
  const stranger = await gatewayOver(url, { prefix: "another" });
  await follow(one, token, shop);
  const [entry] = await untilListed(two, token, 1);
  const id = entry?.id ?? "";
  expect(await stranger.ids(token)).toEqual([]);
  expect((await stranger.close(token, id)).data?.liveSubscriptionClose.userErrors).toHaveLength(1);
  await follow(stranger, token, shop);
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  const names = await waitFor(
    async () => {
      const found = await redis.keys("*");
      return found.some((name) => name.startsWith(`another:streams:${namedId("usr", shop)}:`)) && found;
    },
    { what: "the stranger's subscription" },
  );
  expect(names.filter((name) => !/^(shared|another):streams:/.test(name))).toEqual([]);
  expect(await two.ids(token)).toEqual([id]);
});

test("counts of other gateways follow with the renewal of the lease", async () => {
  const shop = "shared-2";
  const token = member(shop);
  const { url } = await redisServer();
  const [one, two] = [await gatewayOver(url, { leaseMs: SHORT_LEASE_MS }), await gatewayOver(url)];
  const socket = await follow(one, token, shop);
  await untilListed(two, token, 1);
  await eventWriter(world.log, shop).append(5);
  await socket.take("next", "0", 5);
  await waitFor(async () => (await two.list(token)).data?.liveSubscriptions[0]?.deliveredCount === "5", {
    what: "the count",
  });
});

test("two hundred subscriptions at once cost a few transactions", async () => {
  const shop = "shared-3";
  const token = member(shop);
  const { url } = await redisServer();
  const [one, two] = [await gatewayOver(url), await gatewayOver(url)];
  const before = await calls(url, "exec");
  await Promise.all([follow(one, token, shop, 100), follow(one, token, shop, 100)]);
  await untilListed(two, token, 200);
  expect((await calls(url, "exec")) - before).toBeLessThan(30);
});

test("without Redis a gateway serves, lists its own and says that more may be missing; its return heals everything", async () => {
  const shop = "shared-4";
  const token = member(shop);
  const server = await redisServer();
  const [one, two] = [await gatewayOver(server.url), await gatewayOver(server.url)];
  await follow(one, token, shop);
  await follow(two, token, shop);
  const all = await untilListed(one, token, 2);
  const { port } = server;
  await server.kill();
  const socket = await follow(one, token, shop);
  const { data, errors } = await one.list(token);
  expect(data?.liveSubscriptions).toHaveLength(2);
  expect(errors).toHaveLength(1);
  expect(errors?.[0]).toMatchObject({
    path: ["liveSubscriptions"],
    extensions: { code: "INCOMPLETE", status: 206, retryable: true },
  });
  const elsewhere = all.find(({ id }) => !data?.liveSubscriptions.some((own) => own.id === id))?.id ?? "";
  expect((await one.close(token, elsewhere)).errors?.[0]?.extensions).toMatchObject({
    code: "SERVICE_UNAVAILABLE",
    retryable: true,
  });
  await eventWriter(world.log, shop).append(1);
  await socket.take("next", "0");

  const again = await startRedis({ port });
  onTestFinished(() => again.stop());
  await untilListed(two, token, 3);
  await untilListed(one, token, 3);
  // The connections that listen come back on their own.
  await waitFor(async () => (await one.close(token, elsewhere)).data?.liveSubscriptionClose.closedId === elsewhere, {
    what: "the other gateway to close it",
  });
});

test("a Redis that never answers delays an answer by seconds at most, and no subscription", async () => {
  const shop = "shared-5";
  const token = member(shop);
  const server = await redisServer();
  const proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: server.port } });
  onTestFinished(() => proxy.stop());
  const one = await gatewayOver(`redis://127.0.0.1:${proxy.port}`, { leaseMs: SHORT_LEASE_MS });
  const two = await gatewayOver(server.url);
  await follow(one, token, shop);
  await untilListed(two, token, 1);
  await proxy.mode("black-hole");
  await follow(one, token, shop);
  const stopwatch = startStopwatch();
  const { data, errors } = await one.list(token);
  // The silence would last until the test is over.
  expect(stopwatch.ms()).toBeLessThan(10_000);
  stopwatch.stop();
  expect(data?.liveSubscriptions).toHaveLength(2);
  expect(errors?.[0]?.extensions).toMatchObject({ code: "INCOMPLETE" });
  await proxy.mode("pass");
  await untilListed(two, token, 2);
  await untilListed(one, token, 2);
});

test("a Redis that lost its data is told again with the next renewal", async () => {
  const shop = "shared-6";
  const token = member(shop);
  const { url } = await redisServer();
  const [one, two] = [await gatewayOver(url, { leaseMs: SHORT_LEASE_MS }), await gatewayOver(url)];
  await follow(one, token, shop);
  await untilListed(two, token, 1);
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
  await untilListed(two, token, 1);
});

test("what a killed gateway held is forgotten when its lease ends; until then closing it says to try again", async () => {
  const shop = "shared-7";
  const token = member(shop);
  const { url } = await redisServer();
  const gateway = await gatewayOver(url);
  const lonely = await startProcess({
    entry: "test/integration/gateway/streams/fixtures/lonely-gateway.ts",
    env: { REDIS_URL: url, LIVE_LEASE_MS: "3000", USER_ID: namedId("usr", shop) },
  });
  const [entry] = await untilListed(gateway, token, 1);
  expect(entry).toMatchObject({ session: { id: "session-of-the-dead" }, deliveredCount: "7", current: false });
  await lonely.kill("SIGKILL");
  expect((await gateway.close(token, entry?.id ?? "")).errors?.[0]?.extensions).toMatchObject({
    code: "SERVICE_UNAVAILABLE",
  });
  await untilListed(gateway, token, 0);
  expect((await gateway.close(token, entry?.id ?? "")).data?.liveSubscriptionClose.userErrors).toHaveLength(1);
});

test("a gateway that stops takes its subscriptions out", async () => {
  const shop = "shared-8";
  const token = member(shop);
  const { url } = await redisServer();
  const staying = await gatewayOver(url);
  const leaving = await startGateway(world.stack, { redisUrl: url });
  await follow(leaving, token, shop);
  await untilListed(staying, token, 1);
  await leaving.stop();
  expect(await staying.ids(token)).toEqual([]);
});
