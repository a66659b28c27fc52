/** Who may read the audit log: pure functions over the identity. */
import { belongsTo, grantsOf, holds, type Identity } from "../../platform/auth/identity.ts";
import type { OrganizationId, TenantId } from "../../platform/auth/principal-ids.ts";

export const READ_AUDIT_LOG = "audit.read";

export function canReadAuditLog(identity: Identity, organizationId: OrganizationId): boolean {
  return holds(identity, organizationId, READ_AUDIT_LOG);
}

/** An entry is read with the permission of its organisation; one without an organisation by the user it belongs to. */
export function canReadEntry(
  identity: Identity,
  entry: { readonly tenantId: TenantId; readonly organizationId: OrganizationId | null },
): boolean {
  if (entry.organizationId !== null) return canReadAuditLog(identity, entry.organizationId);
  return identity.kind === "USER" && entry.tenantId === identity.userId;
}

/** May the identity know that the organisation exists? */
export function canSeeOrganization(identity: Identity, organizationId: string): organizationId is OrganizationId {
  return belongsTo(identity, organizationId);
}

/** Organisations whose audit log the identity may read. */
export function readableOrganizations(identity: Identity): readonly OrganizationId[] {
  return [...grantsOf(identity)].flatMap(([organizationId, permissions]) =>
    permissions.has(READ_AUDIT_LOG) ? [organizationId] : [],
  );
}
