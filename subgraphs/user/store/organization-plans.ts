/** Statements on which plan an organisation is on, as billing's events tell it. */
import type { OrganizationId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** @returns undefined where no plan is known */
export async function findPlanId(tx: UserTransaction, organizationId: OrganizationId): Promise<string | undefined> {
  const row = await tables(tx).organizationPlan.findUnique({ where: { organizationId }, select: { planId: true } });
  return row?.planId;
}

export async function putPlan(
  tx: UserTransaction,
  organizationId: OrganizationId,
  { planId, changedAt }: { readonly planId: string; readonly changedAt: Date },
): Promise<void> {
  await tables(tx).organizationPlan.upsert({
    where: { organizationId },
    create: { organizationId, planId, changedAt },
    update: { planId, changedAt },
  });
}
