import { idPrefix } from "../../../platform/ids.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { readableOrganizations } from "../policies.ts";
import { organizationOfTarget } from "../store/entries.ts";
import { entryConnection } from "./entry-connection.ts";

export const invoice: ResolversOf<"Invoice", AuditContext, AuditParents> = {
  // The invoice's organisation is known here only by its entries. Without one the trail is empty: nothing was recorded
  // yet, or it is somebody else's.
  async auditTrail({ id }, page, context, info) {
    if (idPrefix(id) === undefined) return null;
    const readable = readableOrganizations(context.identity);
    const [first] = readable;
    if (first === undefined) return null;
    const owner = await context.read((tx) => organizationOfTarget(tx, id, readable));
    const query = { tenantId: owner ?? first, filter: { targetIds: [id] } };
    return entryConnection(context, `auditTrail:${id}`, query, page, info);
  },
};
