// Real Kafka brokers for tests: KRaft processes (broker and controller each) on free loopback ports in temporary
// folders. One, or a cluster of three, of which two can go on without the third.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { freePorts } from "../ports.ts";
import { waitFor } from "../wait.ts";
import { logEnd, startWatchedChild } from "../watched-child.ts";
import { findJava, JAVA_MINIMUM, kafkaJars } from "./kafka-jars.ts";

const run = promisify(execFile);

export interface KafkaOptions {
  /**
   * A folder to keep; with `port` it restarts a broker that was stopped or killed, on its own data. Default: temporary.
   */
  readonly dataDir?: string;
  readonly port?: number;
  /**
   * A port (of a fault proxy) that the broker names as its own address to clients which arrive through `proxyTarget`.
   * Without this, a client that bootstraps through a proxy would be sent past it by the first metadata answer.
   */
  readonly advertisedPort?: number;
}

export interface KafkaBroker {
  /** `host:port`, as in TEST_KAFKA_BROKERS. */
  readonly brokers: string;
  readonly port: number;
  /** Where a fault proxy must forward to; only with `advertisedPort`. */
  readonly proxyTarget?: { readonly host: string; readonly port: number };
  readonly pid: number;
  readonly dataDir: string;
  readonly logFile: string;
  /** Ends the broker and removes a temporary folder. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL; the folder stays, for a restart or an inspection. */
  kill(): Promise<void>;
}

/** Patience with a machine that is busy with others. */
const START_DEADLINE_MS = 150_000;
const JVM = [
  "-Xmx512m",
  "-Xms64m",
  "-XX:TieredStopAtLevel=1",
  "-XX:+UseSerialGC",
  "-Xshare:auto",
  "-Djava.awt.headless=true",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/**
 * Starts a broker and resolves when it answers kafkajs. Needs Java 17 or newer, and Maven the first time.
 * Another process may take a port between choosing and listening; the start is tried three times.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const { java, classPath } = await kafkaProgram();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(java, classPath, options);
    } catch (error) {
      const portTaken = error instanceof Error && error.message.includes("Address already in use");
      if (!portTaken || options.port !== undefined || attempt === 3) throw error;
    }
  }
}

export interface KafkaCluster {
  /** All of them, as in KAFKA_BROKERS. */
  readonly brokers: string;
  readonly members: readonly KafkaBroker[];
  stop(): Promise<void>;
}

const CLUSTER_SIZE = 3;

/** Three brokers; topics may have three replicas, and what the cluster keeps for itself has. */
export async function startKafkaCluster(): Promise<KafkaCluster> {
  const { java, classPath } = await kafkaProgram();
  const ports = await freePorts(CLUSTER_SIZE * 2);
  const nodes = Array.from({ length: CLUSTER_SIZE }, (_, index) => ({
    id: index + 1,
    port: ports[index] ?? 0,
    controllerPort: ports[CLUSTER_SIZE + index] ?? 0,
  }));
  const cluster = { id: newClusterId(), voters: nodes };
  const members = await Promise.all(
    nodes.map(({ port, id }) => startOnce(java, classPath, { port }, { ...cluster, node: id })),
  );
  return {
    brokers: members.map(({ brokers }) => brokers).join(","),
    members,
    async stop() {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

async function kafkaProgram() {
  const java = await findJava();
  if (java === undefined) throw new Error(`Kafka needs Java ${JAVA_MINIMUM} or newer; see "java -version"`);
  return { java, classPath: join(await kafkaJars(), "*") };
}

/** Led by a letter: an id that begins with "-" would be read as an option. */
const newClusterId = () => `k${randomBytes(16).toString("base64url").slice(1)}`;

/** Where a broker stands in a cluster of several. */
interface ClusterPlace {
  readonly id: string;
  readonly node: number;
  readonly voters: readonly { readonly id: number; readonly port: number; readonly controllerPort: number }[];
}

async function startOnce(
  java: string,
  classPath: string,
  options: KafkaOptions,
  place?: ClusterPlace,
): Promise<KafkaBroker> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "tributary-kafka-")));
  await mkdir(dataDir, { recursive: true });
  // The port of a broker that was killed is free, and this one's.
  const [free, controllerPort, proxiedPort] = (await freePorts(4)).filter((each) => each !== options.port);
  const port = options.port ?? free;
  if (port === undefined || controllerPort === undefined || proxiedPort === undefined) throw new Error("no free ports");
  const proxied = options.advertisedPort === undefined ? undefined : { port: proxiedPort, as: options.advertisedPort };
  const config = join(dataDir, "server.properties");
  const logFile = join(dataDir, "broker.log");
  const voters = place?.voters ?? [{ id: 1, controllerPort }];
  const node = place?.node ?? 1;
  const ownController = voters.find(({ id }) => id === node)?.controllerPort ?? controllerPort;
  const logDir = join(dataDir, "log");
  await writeFile(config, serverProperties({ node, voters, port, controllerPort: ownController, proxied, logDir }));
  if (!existsSync(join(dataDir, "log/meta.properties"))) {
    const clusterId = place?.id ?? newClusterId();
    const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", config];
    await run(java, [...JVM, "-cp", classPath, ...format]);
  }
  const server = await startWatchedChild({
    program: java,
    programArguments: [...JVM, "-cp", classPath, "kafka.Kafka", config],
    logFile,
    cwd: dataDir,
  });
  const brokers = `127.0.0.1:${port}`;
  try {
    await Promise.race([ready(brokers), server.exited.then(() => Promise.reject(new Error("the broker ended")))]);
  } catch (error) {
    await server.kill();
    const log = await logEnd(logFile);
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    throw new Error(`Kafka did not start: ${error instanceof Error ? error.message : String(error)}\n${log}`, {
      cause: error,
    });
  }
  return {
    brokers,
    port,
    ...(proxied === undefined ? {} : { proxyTarget: { host: "127.0.0.1", port: proxied.port } }),
    pid: server.pid,
    dataDir,
    logFile,
    async stop() {
      await server.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
    async kill() {
      await server.kill();
    },
  };
}

/** Resolves when the broker at `brokers` (comma separated) answers an admin's metadata request. */
async function ready(brokers: string): Promise<void> {
  const kafka = new Kafka({
    clientId: "test-readiness",
    brokers: brokers.split(","),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { retries: 0 },
  });
  await waitFor(
    async () => {
      const admin = kafka.admin();
      try {
        await admin.connect();
        const cluster = await admin.describeCluster();
        return cluster.brokers.length > 0 && cluster.controller !== null;
      } finally {
        await admin.disconnect();
      }
    },
    { what: `a Kafka broker at ${brokers}`, deadlineMs: START_DEADLINE_MS, intervalMs: 100 },
  );
}

interface ServerPorts {
  readonly node: number;
  readonly voters: readonly { readonly id: number; readonly controllerPort: number }[];
  readonly port: number;
  readonly controllerPort: number;
  readonly proxied: { readonly port: number; readonly as: number } | undefined;
  readonly logDir: string;
}

function serverProperties({ node, voters, port, controllerPort, proxied, logDir }: ServerPorts): string {
  const copies = voters.length;
  const inSync = Math.min(copies, 2);
  const clients = [`CLIENT://127.0.0.1:${port}`];
  const proxiedAt = proxied === undefined ? [] : [`PROXIED://127.0.0.1:${proxied.port}`];
  const proxiedAs = proxied === undefined ? [] : [`PROXIED://127.0.0.1:${proxied.as}`];
  return Object.entries({
    "process.roles": "broker,controller",
    "node.id": node,
    "controller.quorum.voters": voters.map((voter) => `${voter.id}@127.0.0.1:${voter.controllerPort}`).join(","),
    listeners: [...clients, ...proxiedAt, `CONTROLLER://127.0.0.1:${controllerPort}`].join(","),
    "advertised.listeners": [...clients, ...proxiedAs].join(","),
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "CLIENT",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": logDir,
    "auto.create.topics.enable": false,
    "num.partitions": 1,
    "default.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.num.partitions": 1,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": inSync,
    // The first consumer of a group starts at once instead of waiting 3 s for others; short sessions show a dead member
    // soon.
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    // A killed broker's registration blocks its restart for one session (9 s by default).
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    // Retention is looked at every second, so that a test can see an offset fall out of range.
    "log.retention.check.interval.ms": 1000,
    "log.initial.task.delay.ms": 1000,
    "log.segment.delete.delay.ms": 0,
    // Small: few threads, a small compaction buffer (128 MB by default) and index files.
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 2,
    "log.cleaner.dedupe.buffer.size": 4194304,
    "log.index.size.max.bytes": 1048576,
    "controlled.shutdown.enable": false,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}
