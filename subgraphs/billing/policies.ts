/** Who may see and move an organisation's money: pure functions over the identity. */
import { holds, type Identity } from "../../platform/auth/identity.ts";
import type { OrganizationId } from "../../platform/auth/principal-ids.ts";

/** Permission that each kind of change needs. */
export const MANAGE_BILLING = "billing.manage";

/** What programs need that record what was used: they start no plan with it. */
export const RECORD_USAGE = "usage.write";

export function canReadBilling(identity: Identity, organizationId: OrganizationId): boolean {
  return holds(identity, organizationId, "billing.read");
}

export function canManageBilling(identity: Identity, organizationId: OrganizationId): boolean {
  return holds(identity, organizationId, MANAGE_BILLING);
}
