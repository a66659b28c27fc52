// The audit subgraph on databases of a test's own: real roles and grants, the Postgres event log, and events as
// producers send them.
import { randomBytes, randomUUID } from "node:crypto";
import { Pool } from "pg";
import { pino } from "pino";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { createIdentitySigner, IDENTITY_HEADER } from "../../../../platform/auth/identity-header.ts";
import type { OrganizationId, TenantId, UserId } from "../../../../platform/auth/principal-ids.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { loadEventContracts } from "../../../../platform/events/contracts.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import type { EventLog, LogRecord } from "../../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import type { SubgraphResponseBody } from "../../../../platform/graphql/subgraph-endpoint.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { databaseUrls, prepareDatabase } from "../../../../prisma/databases.ts";
import type { ChainedEntry } from "../../../../subgraphs/audit/domain/entry-hash.ts";
import { createAuditSubgraph } from "../../../../subgraphs/audit/index.ts";
import { walkChain } from "../../../../subgraphs/audit/store/chains.ts";
import { openAuditDatabase } from "../../../../subgraphs/audit/store/database.ts";
import { grantsOf, namedId } from "../../../support/identities.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";
import { waitFor } from "../../../support/wait.ts";
import { runtimeOf } from "../subgraph-runtime.ts";

/** Roles are shared by all databases of a server, hence one password for every test on it. */
const ROLE_PASSWORD = "test-password";

/** Whose managers are operators. */
export const OPERATORS = namedId("org", "operators");

/** What a test says of an event; the rest of the envelope follows from it. */
export interface TestEvent {
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Organisation, or user for an event without one. */
  readonly key: TenantId;
  readonly actorId?: string;
  readonly time?: string;
  readonly correlationId?: string;
}

export async function createAuditFixture() {
  const adminUrl = serviceAddress("postgres");
  const name = `audit_${randomBytes(5).toString("hex")}`;
  const auditUrls = databaseUrls(adminUrl, "audit", ROLE_PASSWORD, name);
  const eventsUrls = databaseUrls(adminUrl, "events", ROLE_PASSWORD, `${name}_events`);
  await prepareDatabase({ adminUrl, name: "audit", urls: auditUrls });
  await prepareDatabase({ adminUrl, name: "events", urls: eventsUrls });

  const errors: { readonly msg: string; readonly [fact: string]: unknown }[] = [];
  const logger = pino({ level: "error" }, { write: (line) => void errors.push(JSON.parse(line)) });
  const ids = createIdSource(systemClock);
  const contracts = await loadEventContracts("schema/events");
  const identitySecrets = [randomBytes(32).toString("hex")];
  const signer = createIdentitySigner(identitySecrets, systemClock);
  const log = createPostgresEventLog({ connectionString: eventsUrls.app, logger, rebalanceMs: 100 });
  await log.start();
  const database = openAuditDatabase("audit database", auditUrls.app, 20);
  const superuser = new Pool({ connectionString: inDatabase(adminUrl, name), max: 2 });
  // Dropping the database ends connections that are still closing.
  superuser.on("error", () => undefined);
  const sequences = new Map<string, number>();
  const instances: Subgraph[] = [];

  const fixture = {
    log,
    database,
    contracts,
    ids,
    superuser,
    /** What was logged as an error. */
    errors,
    urls: { app: auditUrls.app, owner: auditUrls.owner, superuser: inDatabase(adminUrl, name) },
    newOrganization: () => ids.next("org"),

    /** One more instance of the subgraph, serving and consuming. */
    async startSubgraph(): Promise<Subgraph> {
      const runtime = runtimeOf("audit", auditUrls, ["user.events", "billing.events"]);
      const shared = { eventLog: log, contracts, clock: systemClock, ids, logger, identitySecrets };
      const settings = { OPERATOR_ORGANIZATION_ID: OPERATORS };
      const subgraph = createAuditSubgraph({ ...runtime, ...shared, settings });
      instances.push(subgraph);
      for (const part of subgraph.parts) await part.start?.();
      return subgraph;
    },

    /** The event as its producer would have written it. */
    event({ type, subject, data, key, actorId, time, correlationId }: TestEvent): EventEnvelope {
      const source = type.slice(0, type.indexOf("."));
      const sequence = (sequences.get(`${source} ${key}`) ?? 0) + 1;
      sequences.set(`${source} ${key}`, sequence);
      return {
        specversion: "1.0",
        id: ids.uuid(),
        source: `/tributary/${source}`,
        type,
        time: time ?? new Date().toISOString(),
        subject,
        datacontenttype: "application/json",
        data: { ...data },
        partitionkey: key,
        sequence: String(sequence),
        ...(key.startsWith("org_") ? { orgid: key } : {}),
        actorkind: actorId === undefined ? "SERVICE" : "USER",
        ...(actorId === undefined ? {} : { actorid: actorId }),
        clientip: "203.0.113.7",
        useragent: "test",
        aggregateversion: 1,
        correlationid: correlationId ?? randomUUID(),
        hop: 0,
        traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
      };
    },

    /** `organizationUpdate` as an event: the simplest that belongs to an organisation. */
    renamed(organizationId: OrganizationId, changes: Partial<TestEvent> = {}): EventEnvelope {
      const data = { organizationId, name: "Works" };
      return fixture.event({
        type: "user.organization.updated.v1",
        subject: organizationId,
        data,
        key: organizationId,
        ...changes,
      });
    },

    paid(organizationId: OrganizationId, invoiceId: string, changes: Partial<TestEvent> = {}): EventEnvelope {
      const data = {
        invoiceId,
        accountId: ids.next("acc"),
        number: "INV-1",
        fromStatus: "OPEN",
        toStatus: "PAID",
        total: { amountMinor: "1900", currency: "EUR", exponent: 2 },
        paymentId: ids.next("pay"),
      };
      return fixture.event({
        type: "billing.invoice.paid.v1",
        subject: invoiceId,
        data,
        key: organizationId,
        ...changes,
      });
    },

    /** Appends to the topic of the event's producer; an event given twice is delivered twice. */
    async deliver(...events: readonly EventEnvelope[]): Promise<void> {
      for (const event of events) {
        const topic = `${event.type.slice(0, event.type.indexOf("."))}.events`;
        await log.append(topic, [{ key: event.partitionkey, value: contracts.encodeEvent(event) }]);
      }
    },

    /** A tenant's chain, in order. */
    chain(tenantId: TenantId): Promise<ChainedEntry[]> {
      return inTenants(database, [tenantId], (tx) => Array.fromAsync(walkChain(tx, tenantId, 7)));
    },

    /** Waits until the tenant has this many entries; more would be returned, too. */
    recorded(tenantId: TenantId, count: number): Promise<ChainedEntry[]> {
      const enough = async () => {
        const entries = await fixture.chain(tenantId);
        return entries.length >= count && entries;
      };
      return waitFor(enough, { what: `${count} entries of ${tenantId}` });
    },

    /** Asks the subgraph as the gateway would. */
    async ask(
      subgraph: Subgraph,
      identity: Identity,
      query: string,
      variables: Readonly<Record<string, unknown>> = {},
    ): Promise<SubgraphResponseBody> {
      const token = await signer.sign("audit", identity, {});
      const { body } = await subgraph.endpoint.handle({ [IDENTITY_HEADER]: token }, { query, variables });
      return body;
    },

    async stop(): Promise<void> {
      for (const subgraph of instances) for (const part of subgraph.parts.toReversed()) await part.stop?.();
      await database.part.stop?.();
      await log.stop();
      await superuser.end();
      const admin = new Pool({ connectionString: adminUrl, max: 1 });
      for (const database of [name, `${name}_events`]) {
        await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      }
      await admin.end();
    },
  };
  return fixture;
}

export type AuditFixture = Awaited<ReturnType<typeof createAuditFixture>>;

export function userOf(
  organizations: Readonly<Record<OrganizationId, readonly string[]>>,
  userId: UserId = namedId("usr", "reader"),
): Identity {
  return { kind: "USER", userId, sessionId: namedId("ses", "reader"), grants: grantsOf(organizations) };
}

/** Everything in a topic whose records have this key. */
export async function recordsOf(log: EventLog, topic: string, key: string): Promise<LogRecord[]> {
  await log.ensureTopics([topic]);
  const partition = await log.partitionOf(topic, key);
  const range = (await log.ranges(topic)).find((candidate) => candidate.partition === partition);
  const records = await log.read({ topic, partition, from: range?.low ?? 0n, limit: 1_000 });
  return records.filter((record) => record.key === key);
}

function inDatabase(url: string, database: string): string {
  const address = new URL(url);
  address.pathname = `/${database}`;
  return address.href;
}
