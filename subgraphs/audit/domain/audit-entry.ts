import type { OrganizationId, TenantId } from "../../../platform/auth/principal-ids.ts";
import type { AuditActorKind, AuditOutcome } from "../../../schema/generated/audit.ts";
import type { EntryTarget } from "./entry-from-event.ts";
import type { ChainedEntry } from "./entry-hash.ts";
import type { AuditEntryId } from "./ids.ts";

/** One thing that happened, as the next link of its tenant's hash chain. */
export interface AuditEntry extends ChainedEntry {
  readonly id: AuditEntryId;
  readonly tenantId: TenantId;
  readonly organizationId: OrganizationId | null;
  readonly actorKind: AuditActorKind;
  readonly outcome: AuditOutcome;
  readonly targets: readonly EntryTarget[];
}
