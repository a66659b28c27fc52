/** Statements on what an organisation's plan grants, as billing's events tell it. */
import type { OrganizationId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** @returns `null`: unlimited; `undefined`: no plan is known that speaks of it */
export async function findGrantedLimit(
  tx: UserTransaction,
  organizationId: OrganizationId,
  key: string,
): Promise<bigint | null | undefined> {
  const where = { organizationId_key: { organizationId, key }, granted: true };
  return (await tables(tx).organizationEntitlement.findUnique({ where }))?.allowed;
}

interface Entitlement {
  readonly key: string;
  readonly granted: boolean;
  /** Null: unlimited. */
  readonly limit: bigint | null;
  readonly changedAt: Date;
}

export async function putEntitlement(
  tx: UserTransaction,
  organizationId: OrganizationId,
  { key, granted, limit, changedAt }: Entitlement,
): Promise<void> {
  const told = { granted, allowed: granted ? limit : null, changedAt };
  await tables(tx).organizationEntitlement.upsert({
    where: { organizationId_key: { organizationId, key } },
    create: { organizationId, key, ...told },
    update: told,
  });
}
