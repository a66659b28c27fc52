import { AppError } from "../../../platform/errors/app-error.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { entryPage } from "../entry-page.ts";
import { canReadAuditLog, canSeeOrganization } from "../policies.ts";

export const organization: ResolversOf<"Organization", AuditContext, AuditParents> = {
  async auditLog({ id }, { filter, ...page }, context, info) {
    const { identity } = context.request;
    if (!canSeeOrganization(identity, id)) throw new AppError("NOT_FOUND", "There is no such organisation.");
    if (!canReadAuditLog(identity, id))
      throw new AppError("FORBIDDEN", "Reading the audit log needs the permission `audit.read`.");
    return entryPage(context, `auditLog:${id}`, id, page, filter ?? {}, info);
  },
};
