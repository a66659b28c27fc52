import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";

export const auditEntry: ResolversOf<"AuditEntry", AuditContext, AuditParents> = {
  __resolveReference: ({ id }, { loaders }) => loaders.entries.load(id),
  actor: ({ actorKind, actorId }) => ({
    kind: actorKind,
    id: actorId,
    user: actorKind === "USER" && actorId !== null ? { id: actorId } : null,
  }),
  category: ({ action }) => action.slice(0, action.indexOf(".")),
  organization: ({ organizationId }) => (organizationId === null ? null : { id: organizationId }),
};
