/** Statements on what was chosen for accounts whose address is not confirmed yet. */
import type { PendingRegistrationModel } from "../../../prisma/user/generated/models/PendingRegistration.ts";
import { UserId } from "../domain/ids.ts";
import type { PendingRegistration } from "../domain/pending-registration.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toPendingRegistration({ userId, ...row }: PendingRegistrationModel): PendingRegistration {
  const { id, displayName, locale, passwordHash, ip, organizationName, planCode, sealedToken, createdAt } = row;
  const plan = planCode === null || sealedToken === null ? null : { planCode, sealedToken };
  const chosen = { displayName, locale, passwordHash, organizationName, plan };
  return { id, userId: UserId.require(userId), ...chosen, ip, createdAt };
}

/** Oldest first. */
export async function findPendingRegistrations(tx: UserTransaction, userId: UserId): Promise<PendingRegistration[]> {
  const { pendingRegistration } = tables(tx);
  const rows = await pendingRegistration.findMany({
    where: { userId },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  return rows.map(toPendingRegistration);
}

/** @param keep how many of the newest stay, this one included */
export async function insertPendingRegistration(
  tx: UserTransaction,
  { plan, ...registration }: PendingRegistration,
  keep: number,
): Promise<void> {
  const { pendingRegistration } = tables(tx);
  await pendingRegistration.create({ data: { ...registration, ...plan } });
  const stale = await pendingRegistration.findMany({
    where: { userId: registration.userId },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: keep,
    select: { id: true },
  });
  if (stale.length > 0) await pendingRegistration.deleteMany({ where: { id: { in: stale.map(({ id }) => id) } } });
}

export async function deletePendingRegistrations(tx: UserTransaction, userId: UserId): Promise<void> {
  await tables(tx).pendingRegistration.deleteMany({ where: { userId } });
}
