import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { AuditEntryId } from "../domain/ids.ts";

export const auditEntry: ResolversOf<"AuditEntry", AuditContext, AuditParents> = {
  __resolveReference: ({ id }, { loaders }) => loadById(AuditEntryId, id, loaders.entry),
  actor: ({ actorKind, actorId }) => ({
    kind: actorKind,
    id: actorId,
    user: actorKind === "USER" && actorId !== null ? { id: actorId } : null,
  }),
  category: ({ action }) => action.slice(0, action.indexOf(".")),
  organization: ({ organizationId }) => (organizationId === null ? null : { id: organizationId }),
};
