/** What the consumer and the resolvers of audit work with: made once per process by index.ts. */
import type { Clock } from "../../platform/clock.ts";
import type { EventContracts } from "../../platform/events/contracts.ts";
import type { Outbox } from "../../platform/events/outbox.ts";
import type { CursorCodec } from "../../platform/graphql/connection.ts";
import type { IdSource } from "../../platform/ids.ts";
import type { AuditDatabase } from "./store/database.ts";

export interface AuditServices {
  readonly database: AuditDatabase;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly cursors: CursorCodec;
  readonly contracts: EventContracts;
  /** Whose managers are operators; absent: only the command line is. */
  readonly operatorOrganizationId: string | undefined;
}

/** What operators' commands work with, also in a process of their own. */
export type OperatorServices = Pick<AuditServices, "database" | "outbox" | "clock" | "ids" | "operatorOrganizationId">;
