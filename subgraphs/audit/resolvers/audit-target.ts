import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";

export const auditTarget: ResolversOf<"AuditTarget", AuditContext, AuditParents> = {
  // A reference only: the subgraph that owns the type decides what the viewer may see of it.
  node: ({ type, id }) => ({ __typename: type, id }),
};
