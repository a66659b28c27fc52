/** The billing subgraph: plans, accounts, subscriptions, invoices and payments. */
import { CONTACT_ADDRESSES } from "../../platform/auth/contact-addresses.ts";
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import { createTextSeal } from "../../platform/auth/text-seal.ts";
import { createProcessCache, type ProcessCacheSettings } from "../../platform/cache/process-cache.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createRoutedConsumers } from "../../platform/events/routed-consumers.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import { createDenialReporter, publishing } from "../../platform/graphql/denial-reporter.ts";
import type { Subgraph, SubgraphRuntime } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { outboxOf } from "../../platform/graphql/subgraph-outbox.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import { createIngestPoint } from "../../platform/ingest/ingest-point.ts";
import { createJobRunner } from "../../platform/jobs/job-runner.ts";
import { PROVIDER_TOKENS } from "../../platform/validation/provider-token.ts";
import { createPlanCache, loadPlanByCacheKey } from "./catalogue/plan-cache.ts";
import { createSettlementWorker } from "./collection/settlement-worker.ts";
import { consumers, routes, tenantsOfEvent } from "./consumers.ts";
import { type BillingContext, createBillingContext } from "./context.ts";
import { DEMO } from "./demo.ts";
import { createDocuments } from "./documents/create-documents.ts";
import { createDocumentLinks } from "./documents/document-links.ts";
import type { DocumentSettings } from "./documents/document-settings.ts";
import { accessDenied, jobFinished, jobProgressed, jobStarted } from "./domain-events.ts";
import { createOverdueInvoices } from "./dunning/overdue-invoices.ts";
import { createSubscriptionPeriods } from "./lifecycle/subscription-periods.ts";
import { createDetachWorker } from "./payment-methods/detach-worker.ts";
import { createMethodReferences } from "./payment-methods/method-references.ts";
import { createResealWorker } from "./payment-methods/reseal-worker.ts";
import { createProvider } from "./provider/create-provider.ts";
import type { PaymentProvider } from "./provider/payment-provider.ts";
import type { ProviderSettings } from "./provider/provider-settings.ts";
import { createRefundWorker } from "./refunds/refund-worker.ts";
import { resolvers } from "./resolvers/index.ts";
import type { BillingServices } from "./services.ts";
import { openBillingDatabase } from "./store/database.ts";
import { createClockRunner } from "./test-clock/clock-runner.ts";
import { createLateUsage } from "./usage/late-usage.ts";
import { takeUsage } from "./usage/usage-ingest.ts";
import { createProviderWebhook } from "./webhooks/payment-provider.ts";

export { seedPlans } from "./catalogue/seed-plans.ts";
export type { PaymentProvider } from "./provider/payment-provider.ts";

const POOL_SIZE = 16;
/** Another shape of a plan needs another number. */
const CACHE_SHAPE = 3;

export interface BillingSubgraphDeps extends SubgraphRuntime {
  readonly settings: ProcessCacheSettings &
    DocumentSettings &
    ProviderSettings & { readonly BILLING_CURRENCY: string; readonly OPERATOR_ORGANIZATION_ID?: string | undefined };
  /** Default: the one that the settings name. Whoever brings one starts and stops it. */
  readonly provider?: PaymentProvider;
}

export function createBillingSubgraph(deps: BillingSubgraphDeps): Subgraph {
  const { name, topic, consumedTopics, databaseUrls, settings, eventLog, contracts, clock, ids, identitySecrets } =
    deps;
  const logger = deps.logger.child({ subgraph: name });
  const database = openBillingDatabase("billing database", databaseUrls.app, POOL_SIZE);
  const pollingDatabase = openBillingDatabase("billing payments in progress", databaseUrls.relay, 1);
  const cache = createProcessCache({
    name: `${name}.${CACHE_SHAPE}`,
    settings,
    source: loadPlanByCacheKey(database),
    clock,
    logger,
  });
  const relay = createRelay({ databaseUrl: databaseUrls.relay, log: eventLog, topic, logger });
  const { provider, parts: providerParts } =
    deps.provider === undefined
      ? createProvider({ settings, secrets: identitySecrets, clock, logger })
      : { provider: deps.provider, parts: [] };
  const services: BillingServices = {
    database,
    outbox: outboxOf(name, { contracts, clock, ids, relay }),
    clock,
    ids,
    cursors: createCursorCodec(identitySecrets),
    logger,
    provider,
    references: createMethodReferences(identitySecrets),
    planCache: createPlanCache(cache),
    tokenSeal: createTextSeal(PROVIDER_TOKENS, identitySecrets),
    contactSeal: createTextSeal(CONTACT_ADDRESSES, identitySecrets),
    documents: createDocumentLinks({
      subgraph: name,
      baseUrl: settings.BILLING_DOCUMENTS_URL,
      seal: createTextSeal("document links", identitySecrets),
      clock,
    }),
    currency: settings.BILLING_CURRENCY,
    operatorOrganizationId: settings.OPERATOR_ORGANIZATION_ID,
  };
  const routed = createRoutedConsumers({
    table: { consumers, routes },
    services,
    log: eventLog,
    consumedTopics,
    contracts,
    database,
    tenants: tenantsOfEvent,
    clock,
    logger,
  });
  const jobs = createJobRunner({
    name: "billing jobs",
    jobs: [
      createSubscriptionPeriods({ services, pollingDatabase }),
      createOverdueInvoices({ services, pollingDatabase }),
      createLateUsage({ services, pollingDatabase }),
    ],
    events: { started: jobStarted, progressed: jobProgressed, finished: jobFinished },
    deps: services,
    ids,
    logger,
  });
  const verifier = createIdentityVerifier(identitySecrets, name, clock);
  const denials = createDenialReporter({ event: accessDenied, publish: publishing(services) });
  const endpoint = createSubgraphEndpoint<BillingContext>({
    name,
    typeDefs: loadTypeDefs(name),
    resolvers,
    createContext: (request) => createBillingContext(services, request),
    verifier,
    denials,
    logger,
  });
  const usage = createIngestPoint({
    name: "usage",
    verifier,
    denials,
    logger,
    take: (request, delivered) => takeUsage(services, request, delivered),
  });
  return {
    name,
    endpoint,
    parts: [
      database.part,
      cache,
      pollingDatabase.part,
      ...providerParts,
      { name: "billing relay", start: async () => relay.start(), stop: () => relay.stop() },
      ...routed.parts,
      createSettlementWorker({ services, pollingDatabase }),
      createRefundWorker({ services, pollingDatabase }),
      createClockRunner({ services, pollingDatabase }),
      jobs,
      createDetachWorker({ services, pollingDatabase }),
      createResealWorker({ services, pollingDatabase }),
    ],
    webhooks: [createProviderWebhook(services)],
    ingest: [usage],
    documents: createDocuments(services, settings),
    relays: [relay],
    consumers: [...routed.groups.values()],
    checks: [database.check, cache.check],
    caches: [cache],
    demo: DEMO,
  };
}
