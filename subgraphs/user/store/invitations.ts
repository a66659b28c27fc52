/** Statements about invitations and the tokens that mails carry. */
import type { Page } from "../../../platform/graphql/connection.ts";
import type { UserTransaction } from "../../../prisma/user/client.ts";
import { pageOf, type RowPage } from "./rows.ts";

export interface InvitationRow {
  readonly id: string;
  readonly organizationId: string;
  readonly email: string;
  readonly roleIds: readonly string[];
  readonly invitedById: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly acceptedAt: Date | null;
  readonly version: number;
}

export async function findInvitations(tx: UserTransaction, ids: readonly string[]): Promise<InvitationRow[]> {
  return tx.invitation.findMany({ where: { id: { in: [...ids] } } });
}

export async function pageInvitations(
  tx: UserTransaction,
  organizationId: string,
  page: Page,
): Promise<RowPage<InvitationRow>> {
  const { after, orderBy, take } = pageOf(page, "newestFirst");
  const rows = await tx.invitation.findMany({ where: { organizationId, ...after }, orderBy, take });
  return { rows, totalCount: page.counted ? await tx.invitation.count({ where: { organizationId } }) : null };
}

/** Invitations that can still be accepted. @param email only those of this address */
export async function countPending(
  tx: UserTransaction,
  { organizationId, email, now }: { organizationId: string; email?: string; now: Date },
): Promise<number> {
  return tx.invitation.count({
    where: { organizationId, acceptedAt: null, expiresAt: { gt: now }, ...(email === undefined ? {} : { email }) },
  });
}

export interface NewInvitation {
  readonly id: string;
  readonly organizationId: string;
  readonly email: string;
  readonly roleIds: readonly string[];
  readonly invitedById: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export async function insertInvitation(tx: UserTransaction, { roleIds, ...row }: NewInvitation): Promise<void> {
  await tx.invitation.create({ data: { ...row, roleIds: [...roleIds] } });
}

export async function insertInvitationToken(
  tx: UserTransaction,
  token: { tokenHash: string; invitationId: string; organizationId: string; createdAt: Date },
): Promise<void> {
  await tx.invitationToken.create({ data: token });
}

export async function findInvitationByToken(
  tx: UserTransaction,
  tokenHash: string,
): Promise<InvitationRow | undefined> {
  const row = await tx.invitationToken.findUnique({ where: { tokenHash }, select: { invitation: true } });
  return row?.invitation;
}

/** False when it was accepted before. */
export async function acceptInvitation(tx: UserTransaction, id: string, now: Date): Promise<boolean> {
  const { count } = await tx.invitation.updateMany({
    where: { id, acceptedAt: null },
    data: { acceptedAt: now, version: { increment: 1 } },
  });
  return count === 1;
}
