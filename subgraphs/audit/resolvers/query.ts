import { AppError } from "../../../platform/errors/app-error.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { AuditEntryId } from "../domain/ids.ts";

export const query: ResolversOf<"Query", AuditContext, AuditParents> = {
  async auditEntry(_root, { id }, { loaders }) {
    const entry = await loadById(AuditEntryId, id, loaders.entry);
    if (entry === null) throw new AppError("NOT_FOUND", "There is no such audit entry.");
    return entry;
  },
};
