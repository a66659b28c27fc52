import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type Admin, Kafka, logLevel } from "kafkajs";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { createFaultProxy } from "../../support/fault-proxy.ts";
import { freePort } from "../../support/ports.ts";
import { startKafka } from "../../support/services/kafka.ts";
import { startPostgres } from "../../support/services/postgres.ts";
import { startRedis } from "../../support/services/redis.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { waitFor } from "../../support/wait.ts";
import { isRunning } from "../../support/watched-child.ts";

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: "array" })).rows;
  } finally {
    await client.end();
  }
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on("error", () => {});
  await redis.connect();
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

async function withAdmin<T>(brokers: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("the shared services of the run answer", async () => {
  expect(await query(serviceAddress("postgres"), "select 1")).toEqual([[1]]);
  expect(await withRedis(serviceAddress("redis"), (redis) => redis.ping())).toBe("PONG");
  expect((await withAdmin(serviceAddress("kafka"), (admin) => admin.describeCluster())).brokers).toHaveLength(1);
});

test("a killed Redis comes back empty at its port", async () => {
  const first = await startRedis();
  await withRedis(first.url, (redis) => redis.set("key", "value"));
  await first.kill();
  await expect(withRedis(first.url, (redis) => redis.ping())).rejects.toThrow();
  const second = await startRedis({ port: first.port });
  onTestFinished(() => second.stop());
  expect(await withRedis(second.url, (redis) => redis.get("key"))).toBeNull();
});

test("a stopped Postgres comes back at its port with its data", async () => {
  const dataDir = await temporaryFolder();
  const first = await startPostgres({ dataDir });
  await query(first.adminUrl, "create table kept as select 42 as answer");
  await first.stop();
  expect(await isRunning(first.pid)).toBe(false);
  const second = await startPostgres({ dataDir, port: first.port });
  onTestFinished(() => second.stop());
  expect(await query(second.adminUrl, "select answer from kept")).toEqual([[42]]);
});

test("a killed Kafka comes back at its port with its topics and events", async () => {
  const dataDir = await temporaryFolder();
  const first = await startKafka({ dataDir });
  await withAdmin(first.brokers, (admin) => admin.createTopics({ topics: [{ topic: "kept", numPartitions: 3 }] }));
  const producer = new Kafka({ brokers: [first.brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic: "kept", acks: -1, messages: [{ partition: 0, value: "event" }] });
  await producer.disconnect();
  await first.kill();
  expect(await isRunning(first.pid)).toBe(false);
  const second = await startKafka({ dataDir, port: first.port });
  onTestFinished(() => second.stop());
  const offsets = await withAdmin(second.brokers, (admin) => admin.fetchTopicOffsets("kept"));
  expect(offsets.find(({ partition }) => partition === 0)?.high).toBe("1");
});

test("a client that comes to Kafka through a fault proxy stays behind it", async () => {
  const advertisedPort = await freePort();
  const broker = await startKafka({ advertisedPort });
  onTestFinished(() => broker.stop());
  if (broker.proxyTarget === undefined) throw new Error("no listener for the proxy");
  await using proxy = await createFaultProxy({ target: broker.proxyTarget, port: advertisedPort });
  const through = `127.0.0.1:${proxy.port}`;
  const { brokers } = await withAdmin(through, (admin) => admin.describeCluster());
  expect(brokers).toEqual([{ nodeId: 1, host: "127.0.0.1", port: advertisedPort }]);
  await proxy.mode("refuse");
  await expect(withAdmin(through, (admin) => admin.listTopics())).rejects.toThrow();
  await proxy.mode("pass");
  await waitFor(() => withAdmin(through, (admin) => admin.listTopics()), { what: "an answer through the proxy" });
});
