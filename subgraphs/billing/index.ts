/** The billing subgraph: plans, accounts, subscriptions, invoices and payments. */
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import { createProcessCache, type ProcessCacheSettings } from "../../platform/cache/process-cache.ts";
import { createGroupConsumer } from "../../platform/events/group-consumer.ts";
import { createOutbox } from "../../platform/events/outbox.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import type { Subgraph, SubgraphFloor } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import { createPlanCache, readKeptPlan } from "./catalogue/plan-cache.ts";
import { createSettlementWorker } from "./collection/settlement-worker.ts";
import { billingHandlers, tenantsOfEvent } from "./consumers.ts";
import { type BillingContext, createBillingContext } from "./context.ts";
import type { PaymentProvider } from "./provider/payment-provider.ts";
import { createSandboxProvider } from "./provider/sandbox-provider.ts";
import { resolvers } from "./resolvers/index.ts";
import type { BillingServices } from "./services.ts";
import { openBillingDatabase } from "./store/database.ts";

export { seedPlans } from "./catalogue/seed-plans.ts";
export type { PaymentProvider } from "./provider/payment-provider.ts";

const NAME = "billing";
const TOPIC = "billing.events";
const POOL_SIZE = 16;
/** Another shape of a plan needs another name. */
const CACHE = "billing.2";

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
  const database = openBillingDatabase("billing database", settings.BILLING_DATABASE_URL, POOL_SIZE);
  const scout = openBillingDatabase("billing payments in progress", settings.BILLING_RELAY_DATABASE_URL, 1);
  const cache = createProcessCache({ name: CACHE, settings, source: readKeptPlan(database), clock, logger });
  const services: BillingServices = {
    database,
    outbox: createOutbox({ contracts, clock, ids, source: `/tributary/${NAME}`, topic: TOPIC }),
    clock,
    ids,
    cursors: createCursorCodec(identitySecrets),
    logger,
    provider: deps.provider ?? createSandboxProvider({ clock, delayMs: settings.SANDBOX_PROVIDER_DELAY_MS }),
    planCache: createPlanCache(cache),
    currency: settings.BILLING_CURRENCY,
  };
  const relay = createRelay({ databaseUrl: settings.BILLING_RELAY_DATABASE_URL, log: eventLog, topic: TOPIC, logger });
  const accounts = createGroupConsumer({
    log: eventLog,
    group: "billing.accounts",
    topics: ["user.events"],
    contracts,
    database,
    handlers: billingHandlers(services),
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
    createContext: (request) => createBillingContext(services, request),
    verifier: createIdentityVerifier(identitySecrets, NAME, clock),
    logger,
  });
  return {
    name: NAME,
    endpoint,
    parts: [
      database.part,
      cache,
      scout.part,
      { name: "billing relay", start: async () => relay.start(), stop: () => relay.stop() },
      { name: "billing accounts", start: () => accounts.start(), stop: () => accounts.stop() },
      createSettlementWorker({ services, scout }),
    ],
    checks: [database.check, cache.check],
    caches: [cache],
  };
}
