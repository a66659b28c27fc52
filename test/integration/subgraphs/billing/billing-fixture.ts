// The billing subgraph over a database of its own, asked as the gateway asks it: GraphQL behind a signed identity
// header.
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Client, Pool } from "pg";
import { z } from "zod";
import type { Grants } from "../../../../platform/auth/identity.ts";
import { createIdentitySigner } from "../../../../platform/auth/identity-header.ts";
import type { OrganizationId, SessionId, UserId } from "../../../../platform/auth/principal-ids.ts";
import { type Clock, systemClock } from "../../../../platform/clock.ts";
import { loadEventContracts } from "../../../../platform/events/contracts.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { type DatabaseUrls, databaseUrls, prepareDatabase } from "../../../../prisma/databases.ts";
import { documentSettings } from "../../../../subgraphs/billing/documents/document-settings.ts";
import type { AccountId } from "../../../../subgraphs/billing/domain/ids.ts";
import { createBillingSubgraph, seedPlans } from "../../../../subgraphs/billing/index.ts";
import { providerSettings } from "../../../../subgraphs/billing/provider/provider-settings.ts";
import { createSandbox } from "../../../../subgraphs/billing/provider/sandbox/create-sandbox.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";
import { waitFor } from "../../../support/wait.ts";
import { runtimeOf } from "../subgraph-runtime.ts";
import { countingProvider } from "./counting-provider.ts";

const SECRETS = [randomBytes(32).toString("hex")];
/** Roles are shared by all databases of a server, hence one password for every test on it. */
const ROLE_PASSWORD = "test-password";
const SLOW_CARD_MS = 400;
export const WEBHOOK_SECRET = `whsec_${randomBytes(24).toString("base64")}`;

export type BillingFixture = Awaited<ReturnType<typeof startBilling>>;
export type Json = ReturnType<typeof JSON.parse>;

export interface BillingOptions {
  readonly clock?: Clock;
  /** Makes the billing database before it is brought up to date. */
  readonly before?: (urls: DatabaseUrls, adminUrl: string) => Promise<void>;
  /** Where the sandbox sends its webhooks; default: nowhere. */
  readonly webhookUrl?: string;
}

/** @param clock in place of the machine's, for what billing decides; rows are leased by the database's */
export async function startBilling({ clock = systemClock, before, webhookUrl }: BillingOptions = {}) {
  const adminUrl = serviceAddress("postgres");
  const name = `billing_${randomBytes(5).toString("hex")}`;
  const prepare = async (kind: string) => {
    const urls = databaseUrls(adminUrl, kind, ROLE_PASSWORD, `${name}_${kind}`);
    if (kind === "billing") await before?.(urls, adminUrl);
    await prepareDatabase({ adminUrl, name: kind, urls });
    return urls;
  };
  const [billing, events] = await Promise.all([prepare("billing"), prepare("events")]);
  if (billing.relay === undefined) throw new Error("the billing database has a relay role");
  const logger = createLogger({ name: "test", level: "fatal" });
  const contracts = await loadEventContracts(fileURLToPath(new URL("../../../../schema/events", import.meta.url)));
  const ids = createIdSource(systemClock);
  const operators = ids.next("org");
  const settings = {
    ...z.object({ ...providerSettings, ...documentSettings }).parse({}),
    BILLING_CURRENCY: "EUR",
    OPERATOR_ORGANIZATION_ID: operators,
  };
  const runtime = runtimeOf("billing", billing, ["user.events", "billing.events"]);

  await seedPlans({ ...runtime, settings, ids });
  const eventLog: EventLog = createPostgresEventLog({ connectionString: events.app, logger });
  await eventLog.start();
  const sandbox = createSandbox({
    ...{ clock, logger, delayMs: SLOW_CARD_MS, timeoutMs: 1_500, returnUrl: "http://localhost/" },
    ...{ webhookSecret: WEBHOOK_SECRET, webhookUrl },
  });
  await sandbox.part.start?.();
  const provider = countingProvider(sandbox.provider);
  const signer = createIdentitySigner(SECRETS, clock);
  const adminOf = new URL(adminUrl);
  adminOf.pathname = `/${name}_billing`;
  const admin = new Pool({ connectionString: adminOf.href, max: 2 });
  // Dropping the database ends connections that are still closing.
  admin.on("error", () => undefined);

  const running: Subgraph[] = [];

  /**
   * An instance over the same database. `parts: false` serves requests only: no relay, no consumer, no settlement.
   * @param newer secrets ahead of those that all instances have
   */
  async function instance({ parts = true, newer = [] as readonly string[] } = {}): Promise<Subgraph> {
    const shared = { eventLog, contracts, clock, ids, logger, identitySecrets: [...newer, ...SECRETS] };
    const deps = { ...runtime, ...shared, settings, provider };
    const subgraph = createBillingSubgraph(deps);
    if (parts) for (const part of subgraph.parts) await part.start?.();
    running.push(subgraph);
    return subgraph;
  }

  async function stopInstance(subgraph: Subgraph): Promise<void> {
    for (const part of [...subgraph.parts].reverse()) await part.stop?.();
  }

  const sign = ({ userId, sessionId, grants }: Viewer): Promise<string> =>
    signer.sign("billing", { kind: "USER", userId, sessionId, grants }, { ip: "203.0.113.7" });

  async function ask(
    subgraph: Subgraph,
    viewer: Viewer,
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
  ): Promise<Answer> {
    const header = await sign(viewer);
    const { body } = await subgraph.endpoint.handle({ "x-tributary-identity": header }, { query, variables });
    const { data, errors = [], extensions } = JSON.parse(JSON.stringify(body));
    return { data, errors, extensions };
  }

  /** A user with all billing permissions in a new organisation whose account is open. */
  async function customer(): Promise<Customer> {
    const organizationId = ids.next("org");
    const viewer = viewerOf(organizationId, ["billing.read", "billing.manage", "usage.write"]);
    const accountId = ids.next("acc");
    await admin.query("INSERT INTO billing_account (id, organization_id, currency) VALUES ($1, $2, 'EUR')", [
      accountId,
      organizationId,
    ]);
    return { ...viewer, viewer, organizationId, accountId };
  }

  function viewerOf(organizationId: OrganizationId, permissions: readonly string[]): Viewer {
    const grants: Grants = new Map([[organizationId, new Set(permissions)]]);
    return { userId: ids.next("usr"), sessionId: ids.next("ses"), grants };
  }

  /** Somebody who runs the installation. */
  const operator = (): Viewer => viewerOf(operators, ["organization.manage"]);
  const isOfEntitlements = ({ type }: Json): boolean => type.startsWith("billing.entitlement.");

  /** Types of an organisation's committed events, in the order of its stream. */
  async function eventTypes(organizationId: string): Promise<string[]> {
    return (await eventsOf(organizationId)).map((event) => event.type);
  }

  /** Those of commands. */
  const eventsOf = async (organizationId: string) =>
    (await streamOf(organizationId)).filter((event) => !isOfEntitlements(event));

  /** What entitlements became: it follows by itself, sooner or later. */
  const entitlementEventsOf = async (organizationId: string) =>
    (await streamOf(organizationId)).filter(isOfEntitlements);

  async function streamOf(organizationId: string): Promise<Json[]> {
    const { rows } = await admin.query("SELECT envelope FROM outbox WHERE tenant_id = $1 ORDER BY position", [
      organizationId,
    ]);
    return rows.map((row: { envelope: string }) => JSON.parse(row.envelope));
  }

  return {
    settings,
    databaseUrls: runtime.databaseUrls,
    /** Of a billing process over the same databases. */
    environment: {
      NODE_ENV: "test",
      EVENT_LOG: "postgres",
      EVENTS_DATABASE_URL: events.app,
      BILLING_DATABASE_URL: billing.app,
      BILLING_RELAY_DATABASE_URL: billing.relay,
      IDENTITY_SECRETS: SECRETS.join(","),
    },
    sign,
    /** A program with a key of the organisation. */
    signProgram: (organizationId: OrganizationId, permissions: readonly string[]) =>
      signer.sign(
        "billing",
        {
          ...{ kind: "API_KEY", keyId: ids.next("key"), grantedBy: ids.next("usr") },
          grants: new Map([[organizationId, new Set(permissions)]]),
        },
        {},
      ),
    signAnonymous: () => signer.sign("billing", { kind: "ANONYMOUS" }, {}),
    admin,
    ids,
    eventLog,
    provider,
    /** What banks and payers do at the sandbox. */
    sandbox,
    contracts,
    instance,
    stopInstance,
    ask,
    customer,
    operator,
    viewerOf,
    eventTypes,
    eventsOf,
    streamOf,
    entitlementEventsOf,
    async planId(code: string): Promise<string> {
      const { rows } = await admin.query("SELECT id FROM plan WHERE code = $1", [code]);
      return rows[0]?.id;
    },
    async paymentSettled(id: string): Promise<string> {
      return waitFor(
        async () => {
          const { rows } = await admin.query("SELECT status FROM payment WHERE id = $1", [id]);
          return rows[0]?.status === "PROCESSING" ? undefined : rows[0]?.status;
        },
        { what: `payment ${id} to settle` },
      );
    },
    async stop() {
      for (const subgraph of running) await stopInstance(subgraph);
      await sandbox.part.stop?.();
      await eventLog.stop();
      await admin.end();
      const client = new Client({ connectionString: adminUrl });
      await client.connect();
      for (const kind of ["billing", "events"]) {
        await client.query(`DROP DATABASE IF EXISTS "${name}_${kind}" WITH (FORCE)`);
      }
      await client.end();
    },
  };
}

export interface Viewer {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly grants: Grants;
}

export interface Customer extends Viewer {
  readonly viewer: Viewer;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
}

export interface Answer {
  readonly data: Json;
  readonly errors: Json[];
  readonly extensions: Json;
}
