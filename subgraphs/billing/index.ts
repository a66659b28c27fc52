/** The billing subgraph: plans, accounts, subscriptions, invoices and payments. */
import { tenantsOf } from "../../platform/auth/identity.ts";
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import { createProcessCache, type ProcessCacheSettings } from "../../platform/cache/process-cache.ts";
import { createTenantReader } from "../../platform/database/tenant-reader.ts";
import { createGroupConsumer } from "../../platform/events/group-consumer.ts";
import { createOutbox } from "../../platform/events/outbox.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import type { Subgraph, SubgraphFloor } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import { createBillingClient } from "../../prisma/billing/client.ts";
import { billingHandlers, tenantsOfEvent } from "./consumers.ts";
import type { BillingContext, BillingServices } from "./context.ts";
import { createLoaders } from "./loaders.ts";
import { createPlanCache, readKept } from "./plan-cache.ts";
import type { PaymentProvider } from "./provider/payment-provider.ts";
import { createSandboxProvider } from "./provider/sandbox-provider.ts";
import { resolvers } from "./resolvers/index.ts";
import { createSettlementWorker } from "./settlement-worker.ts";

export { seedPlans } from "./commands/seed-plans.ts";
export type { PaymentProvider } from "./provider/payment-provider.ts";

const NAME = "billing";
const TOPIC = "billing.events";
const POOL_SIZE = 16;
/** Another shape of a plan needs another name. */
const CACHE = "billing.1";

export interface BillingSubgraphDeps extends SubgraphFloor {
  readonly settings: ProcessCacheSettings & {
    readonly BILLING_DATABASE_URL: string;
    readonly BILLING_RELAY_DATABASE_URL: string;
    readonly BILLING_CURRENCY: string;
    readonly SANDBOX_PROVIDER_DELAY_MS: number;
  };
  /** Default: the sandbox, in process. */
  readonly provider?: PaymentProvider;
}

export function createBillingSubgraph(deps: BillingSubgraphDeps): Subgraph {
  const { settings, eventLog, contracts, clock, ids, identitySecrets } = deps;
  const logger = deps.logger.child({ subgraph: NAME });
  const client = createBillingClient(settings.BILLING_DATABASE_URL, { poolSize: POOL_SIZE });
  const scout = createBillingClient(settings.BILLING_RELAY_DATABASE_URL, { poolSize: 1 });
  const cache = createProcessCache({ name: CACHE, settings, source: readKept(client), clock, logger });
  const planCache = createPlanCache(cache);
  const cursors = createCursorCodec(identitySecrets);
  const outbox = createOutbox({ contracts, clock, ids, source: `/tributary/${NAME}`, topic: TOPIC });
  const provider = deps.provider ?? createSandboxProvider({ clock, delayMs: settings.SANDBOX_PROVIDER_DELAY_MS });
  const services: BillingServices = { client, outbox, provider, clock, ids, logger };
  const relay = createRelay({ databaseUrl: settings.BILLING_RELAY_DATABASE_URL, log: eventLog, topic: TOPIC, logger });
  const accounts = createGroupConsumer({
    log: eventLog,
    group: "billing.accounts",
    topics: ["user.events"],
    contracts,
    database: client,
    handlers: billingHandlers({ outbox, ids, currency: settings.BILLING_CURRENCY }),
    tenants: tenantsOfEvent,
    // The audit log, which reads the same topic, keeps the dead letter of a record that is no event.
    undecodable: "skip",
    clock,
    logger,
  });
  const endpoint = createSubgraphEndpoint<BillingContext>({
    name: NAME,
    typeDefs: loadTypeDefs(NAME),
    resolvers,
    createContext(request) {
      const read = createTenantReader(client, tenantsOf(request.identity), request.readDeadline);
      return { request, services, cursors, read, loaders: createLoaders(read, planCache) };
    },
    verifier: createIdentityVerifier(identitySecrets, NAME, clock),
    logger,
  });
  return {
    name: NAME,
    endpoint,
    parts: [
      { name: "billing database", start: () => client.$connect(), stop: () => client.$disconnect() },
      cache,
      { name: "billing payments in progress", start: () => scout.$connect(), stop: () => scout.$disconnect() },
      { name: "billing relay", start: async () => relay.start(), stop: () => relay.stop() },
      { name: "billing accounts", start: () => accounts.start(), stop: () => accounts.stop() },
      createSettlementWorker({ services, scout }),
    ],
    checks: [
      { name: "billing database", critical: true, check: async () => void (await client.$queryRaw`SELECT 1`) },
      cache.check,
    ],
    caches: [cache],
  };
}
