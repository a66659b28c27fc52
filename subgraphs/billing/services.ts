/** What commands, consumers, workers and resolvers of billing work with: made once per process by index.ts. */
import type { TextSeal } from "../../platform/auth/text-seal.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Outbox } from "../../platform/events/outbox.ts";
import type { CursorCodec } from "../../platform/graphql/connection.ts";
import type { IdSource } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { PlanCache } from "./catalogue/plan-cache.ts";
import type { DocumentLinks } from "./documents/document-links.ts";
import type { MethodReferences } from "./payment-methods/method-references.ts";
import type { PaymentProvider } from "./provider/payment-provider.ts";
import type { BillingDatabase } from "./store/database.ts";

export interface BillingServices {
  readonly database: BillingDatabase;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly cursors: CursorCodec;
  readonly logger: Logger;
  readonly provider: PaymentProvider;
  readonly references: MethodReferences;
  readonly planCache: PlanCache;
  /** Opens tokens of the provider's form that come from other subgraphs. */
  readonly tokenSeal: TextSeal;
  /** Seals where an organisation wants mails about its money, for whoever sends them. */
  readonly contactSeal: TextSeal;
  readonly documents: DocumentLinks;
  /** Of new accounts and published plans. */
  readonly currency: string;
  /** Whose managers are operators; absent: only the command line is. */
  readonly operatorOrganizationId: string | undefined;
}

/** What operators' commands work with, also in a process of their own. */
export type OperatorServices = Pick<
  BillingServices,
  "database" | "outbox" | "clock" | "ids" | "operatorOrganizationId"
>;
