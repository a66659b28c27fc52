/** Who may see and move an organisation's money. */
import { holds, type Identity } from "../../platform/auth/identity.ts";

export function canReadBilling(identity: Identity, organizationId: string): boolean {
  return holds(identity, organizationId, "billing.read");
}

export function canManageBilling(identity: Identity, organizationId: string): boolean {
  return holds(identity, organizationId, "billing.manage");
}

/** The row if the identity may read it, else null: what is foreign, forbidden or missing looks the same. */
export function readable<Row extends { readonly organizationId: string }>(
  identity: Identity,
  row: Row | undefined,
): Row | null {
  return row !== undefined && canReadBilling(identity, row.organizationId) ? row : null;
}
