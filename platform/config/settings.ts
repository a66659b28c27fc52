/**
 * Settings of the platform's processes: name, meaning, default. A process picks the groups it needs. Those of a
 * subgraph stand with it (`subgraphs/<name>/subgraph.ts`). Descriptions end up in error messages and in `.env.example`.
 */
import { z } from "zod";
import { limitSettings } from "./limit-settings.ts";
import { liveSettings } from "./live-settings.ts";
import { operatorSettings } from "./operator-settings.ts";
import { registrationSettings, subgraphCallSettings } from "./service-settings.ts";
import { count, list, milliseconds, port, postgresUrl, url } from "./setting-kinds.ts";

/** Lower case; `none` is the empty list, since an empty variable means "not set". */
const headerNames = list
  .transform((names) => names.map((name) => name.toLowerCase()).filter((name) => name !== "none"))
  .refine(
    (names) =>
      !names.some((name) =>
        /^(host|accept|accept-encoding|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*|x-tributary-.*)$/.test(
          name,
        ),
      ),
    {
      error: "must not name headers that belong to one connection, one body or the gateway",
    },
  );
const secret = z.string().min(32, "must be at least 32 characters of randomness");

/** Settings that every process has. */
export const commonSettings = {
  NODE_ENV: z.enum(["development", "production", "test"]).default("development").describe("Kind of installation"),
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
    .default("info")
    .describe("Lowest level that is logged"),
  HOST: z.string().default("127.0.0.1").describe("Address to listen on; 0.0.0.0 inside containers"),
  SHUTDOWN_GRACE_MS: milliseconds.default(10_000).describe("Longest time a stop may take, in milliseconds"),
  PROCESS_RELEASE: z.string().default("dev").describe("Release shown by /health"),
};

/**
 * The secret that signs identity between gateway and subgraphs. The first signs, all verify: put the new one first,
 * remove the old one later.
 */
export const identitySettings = {
  IDENTITY_SECRETS: list
    .pipe(z.array(secret).min(1))
    .describe("Comma-separated secrets (32+ characters) that sign the identity header; the first signs, all verify"),
};

/** Where events go. */
export const eventLogSettings = {
  EVENT_LOG: z.enum(["postgres", "kafka"]).default("kafka").describe("Event log adapter"),
  EVENTS_DATABASE_URL: postgresUrl
    .optional()
    .describe("Postgres event log (EVENT_LOG=postgres), role tributary_events_app"),
  KAFKA_BROKERS: list.optional().describe("Comma-separated host:port of Kafka brokers (EVENT_LOG=kafka)"),
  KAFKA_CLIENT_ID: z.string().default("tributary").describe("Kafka client id"),
  KAFKA_TOPIC_PREFIX: z
    .string()
    .default("")
    .describe("Put before every topic and group name, for clusters that are shared"),
  KAFKA_REPLICATION: count.default(1).describe("Replication factor of created topics; 3 in production"),
  EVENT_PARTITIONS: z.coerce.number().int().min(1).max(1000).default(4).describe("Partitions of created topics"),
};

/** Redis, which processes share. */
export const redisSettings = {
  REDIS_URL: url("redis", "rediss")
    .optional()
    .describe(
      "Redis, where processes share caches and gateways tell each other which live subscriptions are open; needed with several gateways",
    ),
};

/** The gateway. */
export const gatewaySettings = {
  GATEWAY_PORT: port.default(4000).describe("Port of the gateway"),
  GATEWAY_PUBLIC_URL: url("http", "https")
    .optional()
    .describe("Address that browsers use, e.g. https://api.example.com; derived from the port when not set"),
  ALLOWED_ORIGINS: list
    .default([])
    .describe("Comma-separated origins of web apps that may call the API and open sockets"),
  SUPERGRAPH_FILE: z
    .string()
    .default("schema/generated/supergraph.graphql")
    .describe("Supergraph SDL; a change is taken up while running"),
  EXECUTOR: z
    .enum(["tributary", "apollo"])
    .default("tributary")
    .describe("What runs query plans: `apollo` is the stock executor, to compare with"),
  FORWARD_HEADERS: headerNames
    .default(["authorization"])
    .describe(
      "Headers of the client that the standalone gateway (--supergraph) passes on, or none; only callers whose headers are equal share fetches",
    ),
  INTROSPECTION: z.stringbool().optional().describe("Allow introspection; default: only outside production"),
  REQUEST_TIMEOUT_MS: milliseconds
    .default(10_000)
    .describe("A query or mutation is answered after this time with what has come by then, in milliseconds"),
  ...subgraphCallSettings,
  CURSOR_SECRET: secret.describe("Secret (32+ characters) that signs cursors of live streams"),
  ...operatorSettings,
  ...liveSettings,
  ...limitSettings,
  ENTITY_CACHE_MB: z.coerce
    .number()
    .int()
    .min(0)
    .default(64)
    .describe("Memory for subgraphs' answers that the schema's cache hints let the gateway keep, in MiB; 0 keeps none"),
  RESPONSE_CACHE_MB: z.coerce
    .number()
    .int()
    .min(0)
    .default(64)
    .describe("Memory for whole answers that the schema's cache hints let the gateway keep, in MiB; 0 keeps none"),
  PERSISTED_QUERIES: z
    .stringbool()
    .default(true)
    .describe("Keep the texts that clients send with their hash, so that they can send the hash alone"),
  PERSISTED_QUERIES_TTL_MS: milliseconds
    .default(86_400_000)
    .describe("How long such a text is kept after it was sent, in milliseconds"),
  PERSISTED_QUERIES_KEPT: count.default(2_000).describe("Most such texts in memory, of 16,384 characters at most"),
  TRUSTED_DOCUMENTS: z
    .enum(["off", "prefer", "only"])
    .default("prefer")
    .describe("Registered operations: `prefer` knows them by their id beside all others, `only` lets no other run"),
  TRUSTED_DOCUMENTS_FILE: list
    .optional()
    .describe(
      "Comma-separated manifests of registered operations, of every client version in use; default: the web client's",
    ),
};

/** What the process of every subgraph has. */
export const subgraphProcessSettings = {
  ...commonSettings,
  ...identitySettings,
  ...eventLogSettings,
  ...redisSettings,
  ...registrationSettings,
};

/** `npm run db:migrate`. */
export const migrationSettings = {
  DATABASE_ADMIN_URL: postgresUrl.describe("A role that may create databases and roles; used by db:migrate only"),
  EVENTS_DATABASE_OWNER_URL: postgresUrl
    .optional()
    .describe("Database of the Postgres event log, role tributary_events_owner"),
};

/** `npm start`. */
export const embeddedSettings = {
  DATA_DIR: z.string().default(".data").describe("Where `npm start` keeps its database, keys and mails"),
  SEED_DEMO: z.stringbool().default(true).describe("Create the demo organisation at the first embedded start"),
};
