/** How the Kafka adapter reaches its brokers, and the client that keeps kafkajs's own log lines in ours. */
import { Kafka, type KafkaConfig, type logCreator, logLevel, type SASLOptions } from "kafkajs";
import type { Logger } from "pino";
import type { GuardedSockets } from "./guarded-sockets.ts";

export interface KafkaConnection {
  /** `host:port`, any of the cluster's brokers. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS: `true`, or Node's secure context options. */
  readonly ssl?: NonNullable<KafkaConfig["ssl"]>;
  readonly sasl?: SASLOptions;
  readonly logger: Logger;
}

/** The connection as the clients of one event log share it. */
export interface SharedConnection extends KafkaConnection {
  readonly sockets: GuardedSockets;
}

export const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** How long leaders and partition counts are believed: a topic that grows is known everywhere within this time. */
export const METADATA_FRESH_MS = 5_000;

/** Pauses stay short, so that a returned broker is noticed within seconds; giving up leads to a new try of ours. */
export const RETRY = { retries: 8, initialRetryTime: 300, maxRetryTime: 2_000 };

/** kafkajs calls every lost connection an error and retries it; what does not recover is reported by the adapter. */
export function kafkaLogCreator(logger: Logger): logCreator {
  const child = logger.child({ component: "kafkajs" });
  return () =>
    ({ namespace, level, log: { message, timestamp: _timestamp, ...details } }) => {
      const line = { namespace, ...details };
      if (level === logLevel.ERROR) child.warn(line, message);
      else if (level === logLevel.WARN) child.info(line, message);
      else child.debug(line, message);
    };
}

export function createKafkaClient(connection: SharedConnection): Kafka {
  return new Kafka({
    brokers: () => connection.sockets.inOrder(connection.brokers),
    clientId: connection.clientId,
    ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
    socketFactory: connection.sockets.factory,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: logLevel.WARN,
    logCreator: kafkaLogCreator(connection.logger),
  });
}
