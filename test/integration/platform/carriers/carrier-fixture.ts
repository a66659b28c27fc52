// A database with the tables of deliveries, engines that send its webhooks, and somebody who requests them.
import { fileURLToPath } from "node:url";
import { Pool } from "pg";
import { requireTenantId, type TenantId } from "../../../../platform/auth/principal-ids.ts";
import type { DeliveryState, DeliveryTiming } from "../../../../platform/carriers/delivery.ts";
import { createDeliveryEngine, type DeliveryEngineOptions } from "../../../../platform/carriers/delivery-engine.ts";
import {
  findDeliveries,
  findSteps,
  replayDelivery,
  requestDeliveries,
} from "../../../../platform/carriers/delivery-store.ts";
import { createWebhookCarrier, type WebhookMessage } from "../../../../platform/carriers/webhook-carrier.ts";
import { newWebhookSecret } from "../../../../platform/carriers/webhook-secrets.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { loadEventContracts } from "../../../../platform/events/contracts.ts";
import { createOutbox } from "../../../../platform/events/outbox.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { databaseUrls, prepareDatabase } from "../../../../prisma/databases.ts";
import { type AuditTransaction, openAuditDatabase } from "../../../../subgraphs/audit/store/database.ts";
import { startPostgres } from "../../../support/services/postgres.ts";
import { waitFor } from "../../../support/wait.ts";

const PASSWORD = "test-password";
const EVENTS = fileURLToPath(new URL("../../../../schema/events", import.meta.url));
/** One at which a test takes seconds; the lease is longer than any answer here takes. */
const FAST: DeliveryTiming = {
  attempts: 4,
  backoff: { baseMs: 100, capMs: 2_000 },
  retryAfterCapMs: 1_000,
  leaseMs: 5_000,
  pollMs: 50,
};

const ids = createIdSource(systemClock);
export const anOrganization = (): TenantId => requireTenantId(ids.next("org"));

export interface Endpoint {
  readonly url: string;
  readonly secrets: readonly string[];
}

type EngineChoices = Partial<
  Pick<DeliveryEngineOptions<AuditTransaction, WebhookMessage>, "timing" | "places" | "onEnd" | "compose">
> & {
  /** Of one call, in milliseconds. */
  readonly timeoutMs?: number;
};

export interface EngineUrls {
  readonly app: string;
  readonly relay: string;
}

/** An engine with connections of its own, as each process has them. @param endpointOf by address */
export async function startEngine(
  urls: EngineUrls,
  endpointOf: (address: string) => Endpoint | undefined,
  { timeoutMs = 1_000, timing, ...choices }: EngineChoices = {},
) {
  const database = openAuditDatabase("deliveries", urls.app, 8);
  const pollingDatabase = openAuditDatabase("due deliveries", urls.relay, 1);
  const engine = createDeliveryEngine<AuditTransaction, WebhookMessage>({
    name: "webhooks",
    carrier: createWebhookCarrier({ clock: systemClock, allowPrivate: true, timeoutMs }),
    compose: async (_tx, { id, address, content }) => {
      const endpoint = endpointOf(address);
      return endpoint && { id, body: content, ...endpoint };
    },
    deps: {
      database,
      outbox: createOutbox({
        contracts: await loadEventContracts(EVENTS),
        clock: systemClock,
        ids,
        source: "/tributary/audit",
        topic: "audit.events",
      }),
    },
    pollingDatabase,
    clock: systemClock,
    logger: createLogger({ name: "test", level: "silent" }),
    timing: { ...FAST, ...timing },
    ...choices,
  });
  await engine.part.start?.();
  return {
    engine,
    async stop() {
      await engine.part.stop?.();
      await database.part.stop?.();
      await pollingDatabase.part.stop?.();
    },
  };
}

export type CarrierFixture = Awaited<ReturnType<typeof startCarriers>>;

export async function startCarriers() {
  const server = await startPostgres();
  const urls = databaseUrls(server.adminUrl, "audit", PASSWORD);
  await prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls });
  const adminUrl = new URL(server.adminUrl);
  adminUrl.pathname = "/tributary_audit";
  const admin = new Pool({ connectionString: adminUrl.href, max: 4 });
  admin.on("error", () => undefined);
  const database = openAuditDatabase("requests", urls.app, 4);
  const endpoints = new Map<string, Endpoint>();
  const engines: Awaited<ReturnType<typeof startEngine>>[] = [];
  const engineUrls = { app: urls.app, relay: urls.relay ?? "" };
  let requested = 0;

  return {
    urls: engineUrls,
    /** As superuser. */
    admin,
    endpoints,
    /** Adds an endpoint. @returns its address and its secret */
    endpoint(url: string) {
      const address = `end_${endpoints.size + 1}`;
      const secret = newWebhookSecret();
      endpoints.set(address, { url, secrets: [secret] });
      return { address, secret };
    },
    async engine(choices: EngineChoices = {}) {
      const started = await startEngine(engineUrls, (address) => endpoints.get(address), choices);
      engines.push(started);
      return started;
    },
    /** Requests one delivery per address. @returns their ids, in that order */
    async request(tenantId: TenantId, ...addresses: readonly string[]): Promise<string[]> {
      const requests = addresses.map((address) => {
        requested += 1;
        return {
          id: `whd_${requested}`,
          tenantId,
          carrier: "webhook",
          address,
          content: JSON.stringify({ requested }),
        };
      });
      await inTenants(database, [tenantId], (tx) => requestDeliveries(tx, requests, new Date()));
      return requests.map(({ id }) => id);
    },
    inTenant: <Result>(tenantId: TenantId, work: (tx: AuditTransaction) => Promise<Result>) =>
      inTenants(database, [tenantId], work),
    async state(tenantId: TenantId, id: string) {
      const [found] = await inTenants(database, [tenantId], (tx) => findDeliveries(tx, [id]));
      return found;
    },
    /** Waits for a state. */
    until: (tenantId: TenantId, id: string, state: DeliveryState) =>
      waitFor(
        async () => {
          const [found] = await inTenants(database, [tenantId], (tx) => findDeliveries(tx, [id]));
          return found?.state === state && found;
        },
        { what: `${id} to be ${state}` },
      ),
    steps: (tenantId: TenantId, id: string) => inTenants(database, [tenantId], (tx) => findSteps(tx, id)),
    replay: (tenantId: TenantId, id: string) =>
      inTenants(database, [tenantId], (tx) => replayDelivery(tx, id, new Date())),
    /** Ends the engines of a test. */
    async stopEngines() {
      await Promise.all(engines.splice(0).map((engine) => engine.stop()));
    },
    async stop() {
      await Promise.all(engines.splice(0).map((engine) => engine.stop()));
      await database.part.stop?.();
      await admin.end();
      await server.stop();
    },
  };
}
