/**
 * The user subgraph: accounts, sessions, organisations and their members; it issues the tokens that the gateway checks.
 */
import type { FastifyInstance } from "fastify";
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import type { TokenService } from "../../platform/auth/token-service.ts";
import { createProcessCache } from "../../platform/cache/process-cache.ts";
import { createSmtpCarrier } from "../../platform/carriers/smtp-carrier.ts";
import { createReadSide, type ReadSide } from "../../platform/database/replica/read-side.ts";
import { createRecentWriters, type RecentWriters } from "../../platform/database/replica/recent-writers.ts";
import type { RetryPolicy } from "../../platform/events/group-consumer.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createRoutedConsumers } from "../../platform/events/routed-consumers.ts";
import { cachesOf } from "../../platform/events/routing-table.ts";
import type { DemoData } from "../../platform/graphql/demo-data.ts";
import { createDenialReporter, publishing } from "../../platform/graphql/denial-reporter.ts";
import type { Subgraph } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import type { LifecyclePart } from "../../platform/lifecycle/lifecycle.ts";
import { createSagaWatch } from "../../platform/saga/saga-watch.ts";
import { createRowCaches, loadRowByCacheKey } from "./cache/row-caches.ts";
import { consumers, routes } from "./consumers.ts";
import { createUserContext, type UserContext } from "./context.ts";
import { createUserServices, type UserServiceDeps } from "./create-services.ts";
import { registerTokenRoutes } from "./credentials/token-routes.ts";
import { createTokenService } from "./credentials/token-service.ts";
import { createDeletionWatch } from "./deletion/deletion-watch.ts";
import { createDemo } from "./demo/demo-data.ts";
import { accessDenied } from "./domain-events.ts";
import { createMailTemplates } from "./mail/mail-templates.ts";
import { resolvers } from "./resolvers/index.ts";
import type { ConsumerServices } from "./services.ts";
import { openUserDatabase, type UserDatabase, type UserTransaction } from "./store/database.ts";
import { createMailWebhook } from "./webhooks/mail.ts";
import { createUnsubscribeWebhook } from "./webhooks/unsubscribe.ts";

/** Another shape of a row needs another number. */
const CACHE_SHAPE = 5;
const POOL_SIZE = 16;

export interface UserSubgraphDeps extends UserServiceDeps {
  /** How long the mail server may be away. Default: about half a minute, then a mail becomes a dead letter. */
  readonly mailRetries?: Partial<RetryPolicy>;
}

export interface UserSubgraph extends Subgraph {
  readonly tokenService: TokenService;
  readonly demo: DemoData;
}

export function createUserSubgraph(deps: UserSubgraphDeps): UserSubgraph {
  const { name, topic, consumedTopics, databaseUrls, settings, eventLog, contracts, clock, identitySecrets } = deps;
  const logger = deps.logger.child({ subgraph: name });
  const database = openUserDatabase("user database", databaseUrls.app, POOL_SIZE);
  const queriesOnly = deps.serves === "queries";
  const writers = openWriters(deps);
  const reads = openReads(deps, database, writers);
  const dueDatabase = openUserDatabase("what is due in the user subgraph", databaseUrls.relay, 1);
  const cache = createProcessCache({
    name: `${name}.${CACHE_SHAPE}`,
    settings,
    source: loadRowByCacheKey(database),
    clock,
    logger,
  });
  const rowCaches = createRowCaches(cache);
  const relay = createRelay({ databaseUrl: databaseUrls.relay, log: eventLog, topic, logger });
  const services = createUserServices(deps, { database, reads, rowCaches, relay: queriesOnly ? undefined : relay });
  const mailer = createSmtpCarrier({ smtpUrl: settings.SMTP_URL, from: settings.MAIL_FROM });
  const templates = createMailTemplates({ folder: settings.MAIL_TEMPLATES_DIR, language: settings.MAIL_LANGUAGE });
  const routed = createRoutedConsumers<ConsumerServices, UserTransaction>({
    table: queriesOnly ? cachesOf<ConsumerServices, UserTransaction>({ consumers, routes }) : { consumers, routes },
    services: { ...services, mailer, templates, webClientUrl: settings.WEB_CLIENT_URL, cache: cache.cache, topic },
    log: eventLog,
    consumedTopics,
    contracts,
    database,
    ...(deps.mailRetries === undefined ? {} : { retries: { "user.mailroom": deps.mailRetries } }),
    clock,
    logger,
  });
  const sagaWatch = createSagaWatch({
    name: "user sagas",
    coordinator: services.sagas,
    deps: services,
    pollingDatabase: dueDatabase,
    clock,
    logger,
  });
  // A process for queries alone does nothing about events but to drop what it has cached.
  const background: readonly LifecyclePart[] = queriesOnly
    ? routed.parts
    : [
        { name: "user relay", start: async () => relay.start(), stop: () => relay.stop() },
        { name: "user mailer", stop: () => mailer.close() },
        ...(settings.MAIL_TEMPLATES_DIR === undefined
          ? []
          : [{ name: "mail templates", start: () => templates.load() }]),
        ...routed.parts,
        dueDatabase.part,
        sagaWatch.part,
        createDeletionWatch({ services, pollingDatabase: dueDatabase, logger }),
      ];
  const verifier = createIdentityVerifier(identitySecrets, name, clock);
  const tokenService = createTokenService(services);
  return {
    name,
    endpoint: createSubgraphEndpoint<UserContext>({
      name,
      typeDefs: loadTypeDefs(name),
      resolvers,
      createContext: (request) => createUserContext(services, request),
      verifier,
      queriesOnly,
      afterCommands: async ({ identity, changes }) => writers?.note(identity, changes),
      denials: createDenialReporter({ event: accessDenied, publish: publishing(services) }),
      logger,
    }),
    tokenService,
    parts: [
      database.part,
      ...(writers === undefined ? [] : [writers.part]),
      ...(reads === undefined ? [] : [reads.part]),
      cache,
      { name: "user signing keys", start: () => services.accessTokens.start() },
      ...background,
    ],
    relays: queriesOnly ? [] : [relay],
    consumers: [...routed.groups.values()],
    checks: [database.check, cache.check],
    caches: [cache],
    metrics: () => [...(queriesOnly ? [] : sagaWatch.metrics()), ...(reads?.metrics() ?? [])],
    ...(queriesOnly
      ? {}
      : { routes: (server: FastifyInstance) => registerTokenRoutes(server, tokenService, verifier) }),
    webhooks: [
      createUnsubscribeWebhook(services),
      ...(settings.MAIL_WEBHOOK_SECRETS === undefined
        ? []
        : [createMailWebhook(services, settings.MAIL_WEBHOOK_SECRETS)]),
    ],
    demo: createDemo(services),
  };
}

/** Commands are noted whether this process reads from a replica or another does. */
function openWriters({ name, settings, logger }: UserServiceDeps): RecentWriters | undefined {
  const { REDIS_URL: url, REDIS_PREFIX: prefix = "tributary" } = settings;
  return url === undefined ? undefined : createRecentWriters({ name, redis: { url, prefix }, logger });
}

function openReads(
  { name, databaseUrls: { replica }, logger }: UserServiceDeps,
  primary: UserDatabase,
  writers: RecentWriters | undefined,
): ReadSide<UserTransaction> | undefined {
  if (replica === undefined || writers === undefined) return undefined;
  return createReadSide({
    name,
    primary,
    replica: openUserDatabase("user replica", replica, POOL_SIZE),
    writers,
    logger,
  });
}
