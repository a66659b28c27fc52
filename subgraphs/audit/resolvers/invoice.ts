import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { entryPage } from "../entry-page.ts";
import { readableOrganizations } from "../policies.ts";
import { organizationOfTarget } from "../store.ts";

export const invoice: ResolversOf<"Invoice", AuditContext, AuditParents> = {
  // The invoice's organisation is known here only by its entries. Without one the trail is empty: nothing was recorded yet, or it is
  // somebody else's.
  async auditTrail({ id }, page, context, info) {
    const readable = readableOrganizations(context.request.identity);
    const [first] = readable;
    if (first === undefined) return null;
    const owner = await context.read((tx) => organizationOfTarget(tx, id, readable));
    return entryPage(context, `auditTrail:${id}`, owner ?? first, page, { targetIds: [id] }, info);
  },
};
