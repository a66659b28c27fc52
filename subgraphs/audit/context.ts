/** What the audit resolvers work with. */
import type { CursorCodec } from "../../platform/graphql/connection.ts";
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import type { AuditClient } from "../../prisma/audit/client.ts";
import type { EntryTarget } from "./entry-from-event.ts";
import type { Loaders } from "./loaders.ts";
import type { AuditEntryRecord } from "./store.ts";

export interface AuditContext {
  readonly request: RequestContext;
  readonly client: AuditClient;
  readonly cursors: CursorCodec;
  readonly loaders: Loaders;
}

/** Parents that differ from what the schema shows. */
export interface AuditParents {
  readonly AuditEntry: AuditEntryRecord;
  readonly AuditTarget: EntryTarget;
}
