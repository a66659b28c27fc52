import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { entryPage } from "../entry-page.ts";
import { readableOrganizations } from "../policies.ts";
import { organizationOfTarget } from "../store.ts";

export const invoice: ResolversOf<"Invoice", AuditContext, AuditParents> = {
  // The invoice's organisation is known here only by its entries: those that the viewer may read.
  async auditTrail({ id }, page, context, info) {
    const readable = readableOrganizations(context.request.identity);
    if (readable.length === 0) return null;
    const owner = await context.read((tx) => organizationOfTarget(tx, id, readable));
    return owner === null ? null : entryPage(context, `auditTrail:${id}`, owner, page, { targetIds: [id] }, info);
  },
};
