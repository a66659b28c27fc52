import { AppError } from "../../../platform/errors/app-error.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";

export const query: ResolversOf<"Query", AuditContext, AuditParents> = {
  async auditEntry(_root, { id }, { loaders }) {
    const entry = await loaders.entries.load(id);
    if (entry === null) throw new AppError("NOT_FOUND", "There is no such audit entry.");
    return entry;
  },
};
