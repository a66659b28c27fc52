/** What resolvers, commands and consumers of the user subgraph work with: made once per process by index.ts. */
import type { TextSeal } from "../../platform/auth/text-seal.ts";
import type { Cache } from "../../platform/cache/cache.ts";
import type { Carrier } from "../../platform/carriers/carrier.ts";
import type { Mail } from "../../platform/carriers/smtp-carrier.ts";
import type { Clock } from "../../platform/clock.ts";
import type { ReadSide } from "../../platform/database/replica/read-side.ts";
import type { Outbox } from "../../platform/events/outbox.ts";
import type { CursorCodec } from "../../platform/graphql/connection.ts";
import type { IdSource } from "../../platform/ids.ts";
import type { SagaCoordinator } from "../../platform/saga/saga-coordinator.ts";
import type { RowCaches } from "./cache/row-caches.ts";
import type { AccessTokens } from "./credentials/access-tokens.ts";
import type { RelyingParty } from "./credentials/passkeys.ts";
import type { PasswordHasher } from "./credentials/passwords.ts";
import type { FeatureFlags } from "./flags/feature-flags.ts";
import type { MailTemplates } from "./mail/mail-templates.ts";
import type { DomainRecords } from "./providers/domain-records.ts";
import type { OpenIdProviders } from "./providers/open-id-provider.ts";
import type { UserDatabase, UserTransaction } from "./store/database.ts";

export interface UserServices {
  readonly database: UserDatabase;
  /** Where queries read; absent: from `database`. */
  readonly reads?: ReadSide<UserTransaction> | undefined;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly cursors: CursorCodec;
  /** Rows cached between requests. */
  readonly rowCaches: RowCaches;
  /** Drops those that a command's events make old: see `runCommand`. */
  readonly evict: RowCaches["evict"];
  readonly flags: FeatureFlags;
  /** Carries on what takes several subgraphs. */
  readonly sagas: SagaCoordinator<UserTransaction>;
  readonly passwords: PasswordHasher;
  readonly accessTokens: AccessTokens;
  /** Refresh tokens are derived from those that they replace: the first key derives, all are tried. */
  readonly refreshKeys: readonly string[];
  /** Keeps the secrets of second factors. */
  readonly textSeal: TextSeal;
  /** The site that passkeys belong to. */
  readonly relyingParty: RelyingParty;
  /** Where organisations' own people sign in. */
  readonly providers: OpenIdProviders;
  /** Keeps our secrets at those. */
  readonly providerSeal: TextSeal;
  /** Whether they may have private addresses, and speak plain HTTP. */
  readonly allowPrivateProviders: boolean;
  readonly domainRecords: DomainRecords;
  /** Seals what links say by which a reader gets no more mails. */
  readonly unsubscribeSeal: TextSeal;
  /** Opens where an organisation wants mails about its money, as billing tells it. */
  readonly contactSeal: TextSeal;
  /** Keeps tokens of the payment provider's form, which billing opens. */
  readonly tokenSeal: TextSeal;
  /** Lifetime of sessions and of their refresh tokens, in milliseconds. */
  readonly sessionLifetimeMs: number;
  /** How long an organisation that was deleted can be restored, in milliseconds. */
  readonly deletionGraceMs: number;
  /** Whose managers are operators; absent: only the command line is. */
  readonly operatorOrganizationId: string | undefined;
}

/** What the sending of mails works with. */
export interface MailServices extends Pick<UserServices, "database" | "outbox" | "clock" | "unsubscribeSeal"> {
  readonly mailer: Carrier<Mail>;
  readonly templates: MailTemplates;
  /** Address of the web client: mails link to it whatever host a request named. */
  readonly webClientUrl: string;
}

/** What consumers work with. */
export interface ConsumerServices extends MailServices {
  readonly rowCaches: Pick<RowCaches, "evict">;
  readonly contactSeal: TextSeal;
  readonly reads?: Pick<ReadSide<UserTransaction>, "noteEvents"> | undefined;
  readonly sagas: Pick<SagaCoordinator<UserTransaction>, "settle">;
  /** Holds the cached rows. */
  readonly cache: Pick<Cache, "clear">;
  /** Where its own events are. */
  readonly topic: string;
}

/** What operators' commands work with: they run in a process of their own, without keys and passwords. */
export type OperatorServices = Pick<UserServices, "database" | "outbox" | "clock">;
