/**
 * The user subgraph: accounts, sessions, organisations and their members; it issues the tokens that the gateway checks.
 */
import type { FastifyInstance } from "fastify";
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import { createTextSeal } from "../../platform/auth/text-seal.ts";
import type { TokenService } from "../../platform/auth/token-service.ts";
import { createProcessCache, type ProcessCacheSettings } from "../../platform/cache/process-cache.ts";
import { createReadSide, type ReadSide } from "../../platform/database/replica/read-side.ts";
import { createRecentWriters, type RecentWriters } from "../../platform/database/replica/recent-writers.ts";
import type { RetryPolicy } from "../../platform/events/group-consumer.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createRoutedConsumers } from "../../platform/events/routed-consumers.ts";
import { cachesOf } from "../../platform/events/routing-table.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import type { DemoData } from "../../platform/graphql/demo-data.ts";
import { createDenialReporter, publishing } from "../../platform/graphql/denial-reporter.ts";
import type { Subgraph, SubgraphRuntime } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { outboxOf } from "../../platform/graphql/subgraph-outbox.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import { createPublicFetch } from "../../platform/http/public-fetch.ts";
import type { LifecyclePart } from "../../platform/lifecycle/lifecycle.ts";
import { createMailer } from "../../platform/mail/mailer.ts";
import { createSagaCoordinator } from "../../platform/saga/saga-coordinator.ts";
import { createSagaWatch } from "../../platform/saga/saga-watch.ts";
import { PROVIDER_TOKENS } from "../../platform/validation/provider-token.ts";
import { createRowCaches, loadRowByCacheKey } from "./cache/row-caches.ts";
import { consumers, routes } from "./consumers.ts";
import { createUserContext, type UserContext } from "./context.ts";
import { createAccessTokens } from "./credentials/access-tokens.ts";
import { relyingPartyOf } from "./credentials/passkeys.ts";
import { createPasswordHasher } from "./credentials/passwords.ts";
import { registerTokenRoutes } from "./credentials/token-routes.ts";
import { createTokenService } from "./credentials/token-service.ts";
import { createDeletionWatch } from "./deletion/deletion-watch.ts";
import { createDemo } from "./demo/demo-data.ts";
import { accessDenied } from "./domain-events.ts";
import { createFeatureFlags } from "./flags/feature-flags.ts";
import { createDomainRecords } from "./providers/domain-records.ts";
import { createOpenIdProviders } from "./providers/open-id-provider.ts";
import { provisioningDefinition, sagaEvents } from "./provisioning/provisioning-saga.ts";
import { resolvers } from "./resolvers/index.ts";
import type { ConsumerServices, UserServices } from "./services.ts";
import { openUserDatabase, type UserDatabase, type UserTransaction } from "./store/database.ts";
import { createMailWebhook } from "./webhooks/mail.ts";

/** Another shape of a row needs another number. */
const CACHE_SHAPE = 5;
const POOL_SIZE = 16;
const MAX_SAGA_RETRY_MS = 600_000;

export interface UserSubgraphDeps extends SubgraphRuntime {
  readonly settings: ProcessCacheSettings & {
    readonly TOKEN_ISSUER: string;
    readonly TOKEN_AUDIENCE: string;
    readonly SIGNING_KEY_FILE: string;
    readonly ACCESS_TOKEN_SECONDS: number;
    readonly REFRESH_TOKEN_SECONDS: number;
    readonly BCRYPT_COST: number;
    readonly SAGA_DEADLINE_SECONDS: number;
    readonly SAGA_RETRY_SECONDS: number;
    readonly ORGANIZATION_GRACE_SECONDS: number;
    readonly SMTP_URL: string;
    readonly MAIL_FROM: string;
    readonly MAIL_WEBHOOK_SECRETS?: readonly string[] | undefined;
    readonly PRIVATE_IDENTITY_PROVIDERS: boolean;
    readonly DNS_SERVERS?: readonly string[] | undefined;
    readonly WEB_CLIENT_URL: string;
    readonly OPERATOR_ORGANIZATION_ID?: string | undefined;
  };
  /** How long the mail server may be away. Default: about half a minute, then a mail becomes a dead letter. */
  readonly mailRetries?: Partial<RetryPolicy>;
}

export interface UserSubgraph extends Subgraph {
  readonly tokenService: TokenService;
  readonly demo: DemoData;
}

export function createUserSubgraph(deps: UserSubgraphDeps): UserSubgraph {
  const { name, topic, consumedTopics, databaseUrls, settings, eventLog, contracts, clock, ids, identitySecrets } =
    deps;
  const logger = deps.logger.child({ subgraph: name });
  const database = openUserDatabase("user database", databaseUrls.app, POOL_SIZE);
  const queriesOnly = deps.serves === "queries";
  const writers = openWriters(deps);
  const reads = openReads(deps, database, writers);
  const dueDatabase = openUserDatabase("what is due in the user subgraph", databaseUrls.relay, 1);
  const accessTokens = createAccessTokens({
    keyFile: settings.SIGNING_KEY_FILE,
    issuer: settings.TOKEN_ISSUER,
    audience: settings.TOKEN_AUDIENCE,
    lifetimeSeconds: settings.ACCESS_TOKEN_SECONDS,
    clock,
    ids,
  });
  const cache = createProcessCache({
    name: `${name}.${CACHE_SHAPE}`,
    settings,
    source: loadRowByCacheKey(database),
    clock,
    logger,
  });
  const rowCaches = createRowCaches(cache);
  const relay = createRelay({ databaseUrl: databaseUrls.relay, log: eventLog, topic, logger });
  const services: UserServices = {
    database,
    reads,
    outbox: outboxOf(name, { contracts, clock, ids, ...(queriesOnly ? {} : { relay }) }),
    clock,
    ids,
    cursors: createCursorCodec(identitySecrets),
    rowCaches,
    evict: rowCaches.evict,
    flags: createFeatureFlags({ database, rowCaches }),
    sagas: createSagaCoordinator({
      definitions: [provisioningDefinition({ clock })],
      events: sagaEvents,
      clock,
      deadlineMs: settings.SAGA_DEADLINE_SECONDS * 1_000,
      retry: { baseMs: settings.SAGA_RETRY_SECONDS * 1_000, capMs: MAX_SAGA_RETRY_MS },
    }),
    passwords: createPasswordHasher(settings.BCRYPT_COST),
    accessTokens,
    refreshKeys: identitySecrets,
    textSeal: createTextSeal("second factors", identitySecrets),
    relyingParty: relyingPartyOf(settings.WEB_CLIENT_URL),
    ...openProviders(deps),
    tokenSeal: createTextSeal(PROVIDER_TOKENS, identitySecrets),
    sessionLifetimeMs: settings.REFRESH_TOKEN_SECONDS * 1000,
    deletionGraceMs: settings.ORGANIZATION_GRACE_SECONDS * 1000,
    operatorOrganizationId: settings.OPERATOR_ORGANIZATION_ID,
  };
  const mailer = createMailer({ smtpUrl: settings.SMTP_URL, from: settings.MAIL_FROM });
  const routed = createRoutedConsumers<ConsumerServices, UserTransaction>({
    table: queriesOnly ? cachesOf<ConsumerServices, UserTransaction>({ consumers, routes }) : { consumers, routes },
    services: { ...services, mailer, webClientUrl: settings.WEB_CLIENT_URL, cache: cache.cache, topic },
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
        { name: "user mailer", stop: async () => mailer.close() },
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
      { name: "user signing keys", start: () => accessTokens.start() },
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
    webhooks:
      settings.MAIL_WEBHOOK_SECRETS === undefined ? [] : [createMailWebhook(services, settings.MAIL_WEBHOOK_SECRETS)],
    demo: createDemo(services),
  };
}

/** Commands are noted whether this process reads from a replica or another does. */
function openWriters({ name, settings, logger }: UserSubgraphDeps): RecentWriters | undefined {
  const { REDIS_URL: url, REDIS_PREFIX: prefix = "tributary" } = settings;
  return url === undefined ? undefined : createRecentWriters({ name, redis: { url, prefix }, logger });
}

function openReads(
  { name, databaseUrls: { replica }, logger }: UserSubgraphDeps,
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

const PROVIDER_TIMEOUT_MS = 5_000;
const PROVIDER_ANSWER_BYTES = 512 * 1_024;
/** In the web client: its page hands the answer of a provider on. */
const PROVIDER_CALLBACK = "/sign-in/provider";

function openProviders({
  settings,
  identitySecrets,
}: UserSubgraphDeps): Pick<UserServices, "providers" | "providerSeal" | "allowPrivateProviders" | "domainRecords"> {
  const allowPrivateProviders = settings.PRIVATE_IDENTITY_PROVIDERS;
  return {
    providers: createOpenIdProviders({
      fetch: createPublicFetch({
        allowPrivate: allowPrivateProviders,
        timeoutMs: PROVIDER_TIMEOUT_MS,
        maxBytes: PROVIDER_ANSWER_BYTES,
      }),
      redirectUri: new URL(PROVIDER_CALLBACK, settings.WEB_CLIENT_URL).href,
      allowHttp: allowPrivateProviders,
    }),
    providerSeal: createTextSeal("identity providers", identitySecrets),
    allowPrivateProviders,
    domainRecords: createDomainRecords(settings.DNS_SERVERS),
  };
}
