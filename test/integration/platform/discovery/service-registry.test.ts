// The registry on a real Redis: what processes say of themselves, and what a directory knows of it.
import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../../platform/clock.ts";
import { createServiceDirectory } from "../../../../platform/discovery/service-directory.ts";
import { registryKeys } from "../../../../platform/discovery/service-instance.ts";
import { createServiceRegistration } from "../../../../platform/discovery/service-registration.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createRedisConnection, type RedisConnection } from "../../../../platform/redis/redis-connection.ts";
import { createFaultProxy, type FaultProxy } from "../../../support/fault-proxy.ts";
import { startRedis } from "../../../support/services/redis.ts";
import { redisOfFile } from "../../../support/services/redis-of-file.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";
import { waitFor } from "../../../support/wait.ts";

const LEASE_MS = 1_000;
const logger = createLogger({ name: "registry-test", level: "silent" });
const redis = redisOfFile();

function connect(name: string, url = redis.url): RedisConnection {
  const connection = createRedisConnection({ url, name, logger });
  onTestFinished(() => connection.stop());
  return connection;
}

interface Process {
  ready: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** It falls silent without a word. */
  die(): Promise<void>;
}

function processAt(prefix: string, port: number, url = redis.url, leaseMs = LEASE_MS): Process {
  const connection = connect("registration", url);
  const instance = {
    service: "billing",
    id: randomUUID(),
    url: `http://127.0.0.1:${port}`,
    release: "r1",
    since: Date.now(),
  };
  const part = createServiceRegistration({
    redis: connection,
    prefix,
    instance: () => instance,
    ready: async () => process.ready,
    leaseMs,
    clock: systemClock,
    logger,
  });
  const process: Process = {
    ready: true,
    start: async () => part.start?.(),
    stop: async () => part.stop?.(),
    die: () => connection.stop(),
  };
  onTestFinished(() => process.stop());
  return process;
}

/** What a gateway knows: the ports of a service, changing. */
async function directoryOf(prefix: string, url = redis.url, leaseMs = LEASE_MS) {
  const directory = createServiceDirectory({
    redis: connect("directory", url),
    listener: connect("directory listener", url),
    prefix,
    services: ["billing"],
    leaseMs,
    logger,
  });
  let ports: readonly number[] = [];
  const history: string[] = [];
  directory.onChange((service, instances) => {
    ports = instances.map((instance) => Number(new URL(instance.url).port)).toSorted((a, b) => a - b);
    history.push(`${service}: ${ports.join(" ")}`);
  });
  await directory.part.start?.();
  onTestFinished(async () => directory.part.stop?.());
  return {
    history,
    ports: () => ports,
    async knows(...wanted: readonly number[]) {
      await waitFor(() => ports.join(" ") === wanted.join(" "), {
        what: `the directory to know ${wanted.join(" ")}`,
        intervalMs: 2,
      });
    },
  };
}

async function redisBehindProxy(): Promise<{ proxy: FaultProxy; url: string }> {
  const { hostname, port } = new URL(redis.url);
  const proxy = await createFaultProxy({ target: { host: hostname, port: Number(port) } });
  onTestFinished(() => proxy.stop());
  return { proxy, url: `redis://127.0.0.1:${proxy.port}` };
}

test("a process is known as soon as it says so, and gone as soon as it stops [S6] [S67]", async () => {
  const prefix = randomUUID();
  const directory = await directoryOf(prefix);
  const [one, two] = [processAt(prefix, 1), processAt(prefix, 2)];
  await one.start();
  await directory.knows(1);
  await two.start();
  await directory.knows(1, 2);
  await one.stop();
  expect(directory.ports()).toEqual([2]);
  const late = await directoryOf(prefix);
  expect(late.ports()).toEqual([2]);
});

test("an instance without heartbeat disappears within its lease [S67]", async () => {
  const prefix = randomUUID();
  // Long enough that a machine which is busy for a moment does not decide.
  const leaseMs = 3_000;
  const directory = await directoryOf(prefix, redis.url, leaseMs);
  const [one, two] = [processAt(prefix, 1, redis.url, leaseMs), processAt(prefix, 2, redis.url, leaseMs)];
  await Promise.all([one.start(), two.start()]);
  await directory.knows(1, 2);
  const stopwatch = startStopwatch();
  await one.die();
  await directory.knows(2);
  // The lease, and the directory's next look, of which it takes ten in a lease.
  expect(stopwatch.ms()).toBeLessThan(leaseMs * 1.25);
  stopwatch.stop();
  expect(directory.history.at(-1)).toBe("billing: 2");
});

async function connectedClient() {
  const connection = connect("test");
  await connection.start();
  return connection.client;
}

test("an unready process gets no traffic though it lives, and comes back when it is ready [S68]", async () => {
  const prefix = randomUUID();
  const directory = await directoryOf(prefix);
  const [one, two] = [processAt(prefix, 1), processAt(prefix, 2)];
  one.ready = false;
  await Promise.all([one.start(), two.start()]);
  await directory.knows(2);
  one.ready = true;
  await directory.knows(1, 2);
  two.ready = false;
  await directory.knows(1);
});

test("a process that was killed and started again at its address is known once [S67]", async () => {
  const prefix = randomUUID();
  const directory = await directoryOf(prefix);
  const before = processAt(prefix, 1);
  await before.start();
  await directory.knows(1);
  await before.die();
  await processAt(prefix, 1).start();
  await waitFor(() => directory.history.length === 2, { what: "the second life" });
  expect(directory.history).toEqual(["billing: 1", "billing: 1"]);
});

test("while Redis is away the last known instances stay; one that it forgot has time to say so again [S67]", async () => {
  const prefix = randomUUID();
  const { proxy, url } = await redisBehindProxy();
  const directory = await directoryOf(prefix, url);
  const [one, two] = [processAt(prefix, 1, url), processAt(prefix, 2)];
  await Promise.all([one.start(), two.start()]);
  await directory.knows(1, 2);
  const seen = directory.history.length;
  await proxy.mode("refuse");
  const client = await connectedClient();
  const keys = registryKeys(prefix);
  // Its lease ended while nobody could look.
  await waitFor(
    async () => {
      const ids = await client.zrange(keys.ids("billing"), 0, "-1");
      const kept = await Promise.all(ids.map((id) => client.exists(keys.instance("billing", id))));
      return kept.filter((exists) => exists === 1).length === 1;
    },
    { what: "the lease to end" },
  );
  expect(directory.ports()).toEqual([1, 2]);
  await proxy.mode("pass");
  await waitFor(async () => proxy.connections >= 3, { what: "all to be back" });
  await waitFor(
    async () => {
      const ids = await client.zrange(keys.ids("billing"), 0, "-1");
      const kept = await Promise.all(ids.map((id) => client.exists(keys.instance("billing", id))));
      return kept.every((exists) => exists === 1);
    },
    { what: "the lease to be renewed" },
  );
  expect(directory.history.slice(seen)).toEqual([]);
  expect(directory.ports()).toEqual([1, 2]);
});

test("a Redis that comes back empty costs no instance its place [S67]", async () => {
  const prefix = randomUUID();
  const own = await startRedis();
  onTestFinished(() => own.stop());
  const directory = await directoryOf(prefix, own.url);
  await processAt(prefix, 1, own.url).start();
  await processAt(prefix, 2, own.url).start();
  await directory.knows(1, 2);
  const seen = directory.history.length;
  await own.kill();
  const again = await startRedis({ port: own.port });
  onTestFinished(() => again.stop());
  const connection = connect("test", again.url);
  await connection.start();
  const ids = registryKeys(prefix).ids("billing");
  await waitFor(async () => (await connection.client.zcard(ids)) === 2, {
    what: "both to say so again",
  });
  const late = await directoryOf(prefix, again.url);
  expect(late.ports()).toEqual([1, 2]);
  expect(directory.ports()).toEqual([1, 2]);
  expect(directory.history.slice(seen)).toEqual([]);
});

test("what is no instance of the service is ignored, whoever wrote it", async () => {
  const prefix = randomUUID();
  const client = await connectedClient();
  const keys = registryKeys(prefix);
  const foreign = { service: "audit", id: "b", url: "http://127.0.0.1:2", release: "r", since: 1 };
  const script = { service: "billing", id: "c", url: "file:///etc/passwd", release: "r", since: 1 };
  const entries = { a: "{", b: JSON.stringify(foreign), c: JSON.stringify(script), d: "null" };
  for (const [id, text] of Object.entries(entries)) {
    await client.zadd(keys.ids("billing"), Date.now(), id);
    await client.set(keys.instance("billing", id), text);
  }
  const directory = await directoryOf(prefix);
  await processAt(prefix, 7).start();
  await directory.knows(7);
});
