/** Statements on what was published of grants last. Callers bring a transaction that is bound to its tenants. */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Grants } from "../domain/entitlement.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** What was granted when it was told last. */
export async function findToldGrants(tx: BillingTransaction, organizationId: OrganizationId): Promise<Grants> {
  const rows = await tables(tx).entitlementGrant.findMany({ where: { organizationId, granted: true } });
  return new Map(rows.map(({ key, allowed }) => [key, allowed]));
}

/** @param keys of what is told now */
export async function putToldGrants(
  tx: BillingTransaction,
  organizationId: OrganizationId,
  { keys, grants, at }: { readonly keys: readonly string[]; readonly grants: Grants; readonly at: Date },
): Promise<void> {
  for (const key of keys) {
    const told = { granted: grants.has(key), allowed: grants.get(key) ?? null, updatedAt: at };
    await tables(tx).entitlementGrant.upsert({
      where: { organizationId_key: { organizationId, key } },
      create: { organizationId, key, ...told },
      update: told,
    });
  }
}
