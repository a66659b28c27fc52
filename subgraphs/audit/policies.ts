/** Who may read the audit log. */
import { belongsTo, grantsOf, holds, type Identity } from "../../platform/auth/identity.ts";

const PERMISSION = "audit.read";

export function canReadAuditLog(identity: Identity, organizationId: string): boolean {
  return holds(identity, organizationId, PERMISSION);
}

/** An entry is read with the permission of its organisation; one without an organisation by the user it belongs to. */
export function canReadEntry(
  identity: Identity,
  entry: { readonly tenantId: string; readonly organizationId: string | null },
): boolean {
  if (entry.organizationId !== null) return canReadAuditLog(identity, entry.organizationId);
  return identity.kind === "USER" && entry.tenantId === identity.userId;
}

/** May the identity know that the organisation exists? */
export function canSeeOrganization(identity: Identity, organizationId: string): boolean {
  return belongsTo(identity, organizationId);
}

/** Organisations whose audit log the identity may read. */
export function readableOrganizations(identity: Identity): readonly string[] {
  return [...grantsOf(identity)].flatMap(([organizationId, permissions]) =>
    permissions.has(PERMISSION) ? [organizationId] : [],
  );
}
