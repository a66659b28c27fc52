/** Statements on invitations and the tokens that mails carry. */
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { InvitationModel } from "../../../prisma/user/generated/models/Invitation.ts";
import { InvitationId, OrganizationId, RoleId, UserId } from "../domain/ids.ts";
import type { Invitation } from "../domain/invitation.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toInvitation(row: InvitationModel): Invitation {
  const { email, createdAt, expiresAt, acceptedAt, revokedAt, sentAt, version } = row;
  return {
    id: InvitationId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    email,
    roleIds: row.roleIds.map(RoleId.require),
    invitedById: UserId.require(row.invitedById),
    createdAt,
    expiresAt,
    acceptedAt,
    revokedAt,
    sentAt,
    version,
  };
}

/** What was neither accepted nor taken back. */
const OPEN = { acceptedAt: null, revokedAt: null } as const;

export async function findInvitations(tx: UserTransaction, ids: readonly InvitationId[]): Promise<Invitation[]> {
  const rows = await tables(tx).invitation.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toInvitation);
}

/** Newest first. */
export async function pageInvitations(
  tx: UserTransaction,
  organizationId: OrganizationId,
  page: Page,
): Promise<RowPage<Invitation>> {
  const { where, orderBy, take } = keysetById(page, "descending");
  const { invitation } = tables(tx);
  const rows = await invitation.findMany({ where: { organizationId, ...where }, orderBy, take });
  const totalCount = page.counted ? await invitation.count({ where: { organizationId } }) : null;
  return { rows: rows.map(toInvitation), totalCount };
}

/** Invitations that can still be accepted. @param email only those of this address */
export function countPending(
  tx: UserTransaction,
  { organizationId, email, now }: { organizationId: OrganizationId; email?: string; now: Date },
): Promise<number> {
  return tables(tx).invitation.count({
    where: { organizationId, ...OPEN, expiresAt: { gt: now }, ...(email === undefined ? {} : { email }) },
  });
}

/** Whether somebody who accepts an invitation would get the role. */
export async function isPromised(
  tx: UserTransaction,
  { id, organizationId }: { readonly id: RoleId; readonly organizationId: OrganizationId },
  now: Date,
): Promise<boolean> {
  const where = { organizationId, ...OPEN, expiresAt: { gt: now }, roleIds: { has: id } };
  return (await tables(tx).invitation.count({ where })) > 0;
}

export type NewInvitation = Omit<Invitation, "acceptedAt" | "revokedAt" | "sentAt" | "version">;

export async function insertInvitation(tx: UserTransaction, { roleIds, ...row }: NewInvitation): Promise<void> {
  await tables(tx).invitation.create({ data: { ...row, roleIds: [...roleIds], sentAt: row.createdAt } });
}

export interface NewInvitationToken {
  readonly tokenHash: string;
  readonly invitationId: InvitationId;
  readonly organizationId: OrganizationId;
  readonly createdAt: Date;
}

export async function insertInvitationToken(tx: UserTransaction, token: NewInvitationToken): Promise<void> {
  await tables(tx).invitationToken.create({ data: token });
}

export async function findInvitationByToken(tx: UserTransaction, tokenHash: string): Promise<Invitation | undefined> {
  const row = await tables(tx).invitationToken.findUnique({ where: { tokenHash }, select: { invitation: true } });
  return row === null ? undefined : toInvitation(row.invitation);
}

/** False when it was accepted or taken back before. */
export async function markInvitationAccepted(tx: UserTransaction, id: InvitationId, now: Date): Promise<boolean> {
  const { count } = await tables(tx).invitation.updateMany({
    where: { id, ...OPEN },
    data: { acceptedAt: now, version: { increment: 1 } },
  });
  return count === 1;
}

/** Takes back what is open. @returns the invitations as they are now */
export async function revokeInvitations(
  tx: UserTransaction,
  which: { readonly id: InvitationId } | { readonly organizationId: OrganizationId; readonly invitedById?: UserId },
  now: Date,
): Promise<Invitation[]> {
  const rows = await tables(tx).invitation.updateManyAndReturn({
    where: { ...which, ...OPEN, expiresAt: { gt: now } },
    data: { revokedAt: now, version: { increment: 1 } },
  });
  return rows.map(toInvitation);
}

/**
 * Lets an open invitation be sent again, once per pause. @returns it as it is now; undefined when that was just done
 */
export async function renewInvitation(
  tx: UserTransaction,
  id: InvitationId,
  { now, notAfter, expiresAt }: { readonly now: Date; readonly notAfter: Date; readonly expiresAt: Date },
): Promise<Invitation | undefined> {
  const [row] = await tables(tx).invitation.updateManyAndReturn({
    where: { id, ...OPEN, OR: [{ sentAt: null }, { sentAt: { lte: notAfter } }] },
    data: { sentAt: now, expiresAt, version: { increment: 1 } },
  });
  return row === undefined ? undefined : toInvitation(row);
}
