/**
 * Every setting of the platform: name, meaning, default. A process picks the groups it needs; `.env.example` is
 * checked against this file. Descriptions end up in error messages and in `.env.example`.
 */
import { z } from "zod";
import { cacheSettings } from "./cache-settings.ts";
import { limitSettings } from "./limit-settings.ts";
import { liveSettings } from "./live-settings.ts";
import { addresses, registrationSettings, subgraphCallSettings } from "./service-settings.ts";
import { count, milliseconds, url } from "./setting-kinds.ts";

const port = z.coerce.number().int().min(0).max(65535);
const postgresUrl = url("postgres", "postgresql");
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
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

/** The secret that signs identity between gateway and subgraphs. The first signs, all verify: put the new one first, remove the old one later. */
export const identitySettings = {
  IDENTITY_SECRETS: list
    .pipe(z.array(secret).min(1))
    .describe("Comma-separated secrets (32+ characters) that sign the identity header; the first signs, all verify"),
};

/** Access tokens. */
export const tokenSettings = {
  TOKEN_ISSUER: z.string().min(1).default("https://tributary.local").describe("`iss` of access tokens"),
  TOKEN_AUDIENCE: z.string().min(1).default("tributary").describe("`aud` of access tokens"),
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
  USER_SUBGRAPH_URL: addresses("http://127.0.0.1:4001").describe(
    "Addresses of the user subgraph, comma-separated; with REDIS_URL, until processes of it say where they are",
  ),
  BILLING_SUBGRAPH_URL: addresses("http://127.0.0.1:4002").describe("Addresses of the billing subgraph"),
  AUDIT_SUBGRAPH_URL: addresses("http://127.0.0.1:4003").describe("Addresses of the audit subgraph"),
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
  OPERATOR_ORGANIZATION_ID: z
    .string()
    .regex(/^org_[A-Za-z0-9_-]+$/, "must be the id of an organisation")
    .optional()
    .describe("Organisation whose managers are operators: they may look into the caches and evict; unset: nobody may"),
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

/** The user subgraph. */
export const userSettings = {
  USER_PORT: port.default(4001).describe("Port of the user subgraph"),
  USER_DATABASE_URL: postgresUrl.describe("Database of the user subgraph, role tributary_user_app"),
  USER_RELAY_DATABASE_URL: postgresUrl.describe("The same database, role tributary_user_relay"),
  SIGNING_KEY_FILE: z
    .string()
    .default(".data/signing-keys.json")
    .describe("JWK set with the private EdDSA keys of access tokens; created when missing"),
  ACCESS_TOKEN_SECONDS: count.default(900).describe("Lifetime of access tokens, in seconds"),
  REFRESH_TOKEN_SECONDS: count.default(2_592_000).describe("Lifetime of refresh tokens and sessions, in seconds"),
  BCRYPT_COST: z.coerce.number().int().min(4).max(15).default(11).describe("Cost of password hashes"),
  SMTP_URL: url("smtp", "smtps").describe("Mail server"),
  MAIL_FROM: z.string().default("Tributary <no-reply@tributary.local>").describe("Sender of mails"),
  WEB_CLIENT_URL: url("http", "https")
    .default("http://127.0.0.1:4000")
    .describe("Address of the web client, for links in mails"),
};

/** The billing subgraph. */
export const billingSettings = {
  BILLING_PORT: port.default(4002).describe("Port of the billing subgraph"),
  BILLING_DATABASE_URL: postgresUrl.describe("Database of the billing subgraph, role tributary_billing_app"),
  BILLING_RELAY_DATABASE_URL: postgresUrl.describe("The same database, role tributary_billing_relay"),
  BILLING_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default("EUR")
    .describe("Currency of new billing accounts"),
  SANDBOX_PROVIDER_DELAY_MS: milliseconds
    .default(2_000)
    .describe("How long the sandbox provider's slow test cards take"),
};

/** The audit subgraph. */
export const auditSettings = {
  AUDIT_PORT: port.default(4003).describe("Port of the audit subgraph"),
  AUDIT_DATABASE_URL: postgresUrl.describe("Database of the audit subgraph, role tributary_audit_app"),
  AUDIT_RELAY_DATABASE_URL: postgresUrl.describe("The same database, role tributary_audit_relay"),
};

/** `npm run db:migrate`. */
export const migrationSettings = {
  DATABASE_ADMIN_URL: postgresUrl.describe("A role that may create databases and roles; used by db:migrate only"),
  USER_DATABASE_OWNER_URL: postgresUrl.describe("Database of the user subgraph, role tributary_user_owner"),
  BILLING_DATABASE_OWNER_URL: postgresUrl.describe("Database of the billing subgraph, role tributary_billing_owner"),
  AUDIT_DATABASE_OWNER_URL: postgresUrl.describe("Database of the audit subgraph, role tributary_audit_owner"),
  EVENTS_DATABASE_OWNER_URL: postgresUrl
    .optional()
    .describe("Database of the Postgres event log, role tributary_events_owner"),
};

/** `npm run start:mailbox`. */
export const mailboxSettings = {
  MAILBOX_PORT: port.default(8025).describe("Port of the local mailbox's pages"),
  MAILBOX_SMTP_PORT: port.default(1025).describe("Port on which the local mailbox takes mails"),
  MAILBOX_DIR: z.string().default(".data/mailbox").describe("Where the local mailbox keeps mails"),
};

/** `npm start`. */
export const embeddedSettings = {
  DATA_DIR: z.string().default(".data").describe("Where `npm start` keeps its database, keys and mails"),
  SEED_DEMO: z.stringbool().default(true).describe("Create the demo organisation at the first embedded start"),
};

/** Every setting, for `.env.example` and for the check that nothing is undocumented. */
export const allSettings = {
  ...commonSettings,
  ...identitySettings,
  ...tokenSettings,
  ...eventLogSettings,
  ...redisSettings,
  ...cacheSettings,
  ...registrationSettings,
  ...gatewaySettings,
  ...userSettings,
  ...billingSettings,
  ...auditSettings,
  ...migrationSettings,
  ...mailboxSettings,
  ...embeddedSettings,
};
