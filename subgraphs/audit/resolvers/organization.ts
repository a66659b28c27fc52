import { AppError } from "../../../platform/errors/app-error.ts";
import { forbiddenField } from "../../../platform/errors/refusals.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { parseEntryFilter } from "../domain/entry-filter.ts";
import { canReadAuditLog, canSeeOrganization, READ_AUDIT_LOG } from "../policies.ts";
import { entryConnection } from "./entry-connection.ts";

export const organization: ResolversOf<"Organization", AuditContext, AuditParents> = {
  async auditLog({ id }, { filter, ...page }, context, info) {
    const { identity } = context;
    if (!canSeeOrganization(identity, id)) throw new AppError("NOT_FOUND", "There is no such organisation.");
    if (!canReadAuditLog(identity, id)) throw forbiddenField(id, READ_AUDIT_LOG);
    return entryConnection(
      context,
      `auditLog:${id}`,
      { tenantId: id, filter: parseEntryFilter(filter ?? {}) },
      page,
      info,
    );
  },
};
