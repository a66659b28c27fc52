/** What the audit resolvers work with. */
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import type { CursorCodec } from "../../platform/graphql/connection.ts";
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import type { AuditTransaction } from "../../prisma/audit/client.ts";
import type { EntryTarget } from "./entry-from-event.ts";
import type { Loaders } from "./loaders.ts";
import type { AuditEntryRecord } from "./store.ts";

export interface AuditContext {
  readonly request: RequestContext;
  /** Within the tenants of whoever asks. */
  readonly read: TenantReader<AuditTransaction>;
  readonly cursors: CursorCodec;
  readonly loaders: Loaders;
}

/** Parents that differ from what the schema shows. */
export interface AuditParents {
  readonly AuditEntry: AuditEntryRecord;
  readonly AuditTarget: EntryTarget;
}
