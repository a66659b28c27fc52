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
  return row?.email ?? undefined;
}

/** Keeps the newest: an event that is replayed brings nothing back. @param email null: it was taken away */
export async function putBillingContact(
  tx: UserTransaction,
  organizationId: OrganizationId,
  { email, changedAt }: { readonly email: string | null; readonly changedAt: Date },
): Promise<void> {
  await tables(tx).$executeRaw`
    INSERT INTO billing_contact AS known (organization_id, email, changed_at)
    VALUES (${organizationId}, ${email}, ${changedAt})
    ON CONFLICT (organization_id) DO UPDATE SET email = EXCLUDED.email, changed_at = EXCLUDED.changed_at
    WHERE known.changed_at <= EXCLUDED.changed_at`;
}
