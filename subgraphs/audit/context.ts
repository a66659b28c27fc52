/** What resolvers of audit work with. */
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import { createSubgraphContext, type SubgraphContext } from "../../platform/graphql/subgraph-context.ts";
import type { AuditEntry } from "./domain/audit-entry.ts";
import type { DeadLetter } from "./domain/dead-letter.ts";
import type { EntryTarget } from "./domain/entry-from-event.ts";
import type { JobRun } from "./domain/job-run.ts";
import { createLoaders, type Loaders } from "./loaders.ts";
import type { AuditServices } from "./services.ts";
import type { AuditTransaction } from "./store/database.ts";

/** Lives as long as one request. */
export type AuditContext = SubgraphContext<AuditServices, AuditTransaction, Loaders>;

/** Parents that differ from what the schema shows. */
export interface AuditParents {
  readonly AuditEntry: AuditEntry;
  readonly AuditTarget: EntryTarget;
  readonly DeadLetter: DeadLetter;
  readonly JobRun: JobRun;
}

export function createAuditContext(services: AuditServices, request: RequestContext): AuditContext {
  return createSubgraphContext({ services, request, createLoaders });
}
