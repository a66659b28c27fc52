/**
 * Typed access to the parts of kafkajs 2.2.4 that it does not export: a cluster and its brokers. Needed because its
 * consumer reads only as a member of a group, which rebalances and cannot start at exact offsets at once.
 * The version is pinned and frozen. Delete when the client offers assignment without a group.
 */
import { createRequire } from "node:module";
import type { KafkaConfig, logCreator, logLevel } from "kafkajs";

/** A broker of the cluster; each kind of request answers as the protocol page says. */
export interface InternalBroker {
  readonly connectionPool: { send(exchange: ProtocolExchange): Promise<unknown> };
  /** Supported versions by api key, known once connected. */
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
  metadata(topics: readonly string[]): Promise<unknown>;
  fetch(request: {
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly { topic: string; partitions: readonly FetchPartition[] }[];
  }): Promise<unknown>;
  listOffsets(request: {
    readonly isolationLevel: number;
    readonly topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[];
  }): Promise<unknown>;
}

export interface FetchPartition {
  readonly partition: number;
  readonly fetchOffset: string;
  readonly maxBytes: number;
}

/** A request that kafkajs itself does not know. */
export interface ProtocolExchange {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<unknown>;
  };
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<unknown>;
    readonly parse: (decoded: unknown) => Promise<unknown>;
  };
}

export interface InternalCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findBroker(node: { readonly nodeId: string }): Promise<InternalBroker>;
  /** `findConnectedBroker`: one that has answered, where there is any. */
  readonly brokerPool: { findConnectedBroker(): Promise<InternalBroker> };
}

interface ClusterOptions extends Pick<KafkaConfig, "ssl" | "sasl" | "retry"> {
  readonly logger: unknown;
  readonly socketFactory: unknown;
  readonly brokers: () => readonly string[];
  readonly clientId: string;
  readonly connectionTimeout: number;
  readonly authenticationTimeout: number;
  readonly reauthenticationThreshold: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: number | null;
}

interface Internals {
  readonly Cluster: new (options: ClusterOptions) => InternalCluster;
  readonly createLogger: (options: { level: logLevel; logCreator: logCreator }) => unknown;
  readonly Encoder: new () => { writeBuffer(buffer: Buffer): unknown };
}

/** Loads the internals; kafkajs is CommonJS and declares no `exports`, so its files can be required. */
export function kafkajsInternals(): Internals {
  const require = createRequire(import.meta.url);
  return {
    Cluster: require("kafkajs/src/cluster"),
    createLogger: require("kafkajs/src/loggers").createLogger,
    Encoder: require("kafkajs/src/protocol/encoder"),
  };
}
