/** Statements on where organisations want mails about their money, as billing's events tell it. */
import type { OrganizationId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** @returns undefined where the owners are written to */
export async function findBillingContact(
  tx: UserTransaction,
  organizationId: OrganizationId,
): Promise<string | undefined> {
  const row = await tables(tx).billingContact.findUnique({ where: { organizationId }, select: { email: true } });
  return row?.email;
}

export async function putBillingContact(
  tx: UserTransaction,
  organizationId: OrganizationId,
  { email, changedAt }: { readonly email: string; readonly changedAt: Date },
): Promise<void> {
  await tables(tx).billingContact.upsert({
    where: { organizationId },
    create: { organizationId, email, changedAt },
    update: { email, changedAt },
  });
}

export async function forgetBillingContact(tx: UserTransaction, organizationId: OrganizationId): Promise<void> {
  await tables(tx).billingContact.deleteMany({ where: { organizationId } });
}
