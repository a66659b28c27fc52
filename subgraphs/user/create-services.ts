/** Makes what resolvers, commands and consumers of the user subgraph work with, of its settings. */
import { CONTACT_ADDRESSES } from "../../platform/auth/contact-addresses.ts";
import { createTextSeal } from "../../platform/auth/text-seal.ts";
import type { ProcessCacheSettings } from "../../platform/cache/process-cache.ts";
import type { Relay } from "../../platform/events/relay.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import type { SubgraphRuntime } from "../../platform/graphql/subgraph.ts";
import { outboxOf } from "../../platform/graphql/subgraph-outbox.ts";
import { createPublicFetch } from "../../platform/http/public-fetch.ts";
import { createSagaCoordinator } from "../../platform/saga/saga-coordinator.ts";
import { PROVIDER_TOKENS } from "../../platform/validation/provider-token.ts";
import { createAccessTokens } from "./credentials/access-tokens.ts";
import { relyingPartyOf } from "./credentials/passkeys.ts";
import { createPasswordHasher } from "./credentials/passwords.ts";
import { createFeatureFlags } from "./flags/feature-flags.ts";
import { createDomainRecords } from "./providers/domain-records.ts";
import { createOpenIdProviders } from "./providers/open-id-provider.ts";
import { provisioningDefinition, sagaEvents } from "./provisioning/provisioning-saga.ts";
import type { UserServices } from "./services.ts";

const MAX_SAGA_RETRY_MS = 600_000;

export interface UserServiceDeps extends SubgraphRuntime {
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
    readonly MAIL_LANGUAGE: string;
    readonly MAIL_TEMPLATES_DIR?: string | undefined;
    readonly MAIL_WEBHOOK_SECRETS?: readonly string[] | undefined;
    readonly PRIVATE_IDENTITY_PROVIDERS: boolean;
    readonly DNS_SERVERS?: readonly string[] | undefined;
    readonly WEB_CLIENT_URL: string;
    readonly OPERATOR_ORGANIZATION_ID?: string | undefined;
  };
}

export interface UserStores extends Pick<UserServices, "database" | "reads" | "rowCaches"> {
  /** Is told of each commit; absent where nothing is written. */
  readonly relay: Relay | undefined;
}

export function createUserServices(deps: UserServiceDeps, { relay, ...stores }: UserStores): UserServices {
  const { name, settings, contracts, clock, ids, identitySecrets } = deps;
  const { database, rowCaches } = stores;
  const accessTokens = createAccessTokens({
    keyFile: settings.SIGNING_KEY_FILE,
    issuer: settings.TOKEN_ISSUER,
    audience: settings.TOKEN_AUDIENCE,
    lifetimeSeconds: settings.ACCESS_TOKEN_SECONDS,
    clock,
    ids,
  });
  return {
    ...stores,
    outbox: outboxOf(name, { contracts, clock, ids, ...(relay === undefined ? {} : { relay }) }),
    clock,
    ids,
    cursors: createCursorCodec(identitySecrets),
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
    unsubscribeSeal: createTextSeal("unsubscribe links", identitySecrets),
    contactSeal: createTextSeal(CONTACT_ADDRESSES, identitySecrets),
    tokenSeal: createTextSeal(PROVIDER_TOKENS, identitySecrets),
    sessionLifetimeMs: settings.REFRESH_TOKEN_SECONDS * 1000,
    deletionGraceMs: settings.ORGANIZATION_GRACE_SECONDS * 1000,
    operatorOrganizationId: settings.OPERATOR_ORGANIZATION_ID,
  };
}

const PROVIDER_TIMEOUT_MS = 5_000;
const PROVIDER_ANSWER_BYTES = 512 * 1_024;
/** In the web client: its page hands the answer of a provider on. */
const PROVIDER_CALLBACK = "/sign-in/provider";

function openProviders({
  settings,
  identitySecrets,
}: UserServiceDeps): Pick<UserServices, "providers" | "providerSeal" | "allowPrivateProviders" | "domainRecords"> {
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
