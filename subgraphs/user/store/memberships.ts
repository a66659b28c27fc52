/** Statements on memberships and the roles they carry. */
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { MembershipModel } from "../../../prisma/user/generated/models/Membership.ts";
import { MembershipId, OrganizationId, type RoleId, UserId } from "../domain/ids.ts";
import type { Membership } from "../domain/membership.ts";
import { OWNER } from "../policies.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toMembership({ version, joinedAt, ...row }: MembershipModel): Membership {
  return {
    id: MembershipId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    userId: UserId.require(row.userId),
    version,
    joinedAt,
  };
}

export async function findMemberships(tx: UserTransaction, ids: readonly MembershipId[]): Promise<Membership[]> {
  const rows = await tables(tx).membership.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toMembership);
}

export async function findMembership(tx: UserTransaction, id: MembershipId): Promise<Membership | undefined> {
  const row = await tables(tx).membership.findUnique({ where: { id } });
  return row === null ? undefined : toMembership(row);
}

/** Oldest first. */
export async function pageMemberships(
  tx: UserTransaction,
  owner: { readonly organizationId: OrganizationId } | { readonly userId: UserId },
  page: Page,
): Promise<RowPage<Membership>> {
  const { where, orderBy, take } = keysetById(page, "ascending");
  const { membership } = tables(tx);
  const rows = await membership.findMany({ where: { ...owner, ...where }, orderBy, take });
  return { rows: rows.map(toMembership), totalCount: page.counted ? await membership.count({ where: owner }) : null };
}

/** Oldest first. */
export async function findMembershipsOfUser(tx: UserTransaction, userId: UserId): Promise<Membership[]> {
  const rows = await tables(tx).membership.findMany({ where: { userId }, orderBy: { id: "asc" } });
  return rows.map(toMembership);
}

/** Oldest first. */
export async function findFirstMemberships(
  tx: UserTransaction,
  organizationId: OrganizationId,
  limit: number,
): Promise<Membership[]> {
  const rows = await tables(tx).membership.findMany({
    where: { organizationId },
    orderBy: { id: "asc" },
    take: limit,
  });
  return rows.map(toMembership);
}

/** Of the owners, oldest first. */
export async function findOwnerships(tx: UserTransaction, organizationId: OrganizationId): Promise<Membership[]> {
  const rows = await tables(tx).membership.findMany({
    where: { organizationId, roles: { some: { role: { name: OWNER, builtIn: true } } } },
    orderBy: { id: "asc" },
  });
  return rows.map(toMembership);
}

export async function findOrganizationIdsOfUser(tx: UserTransaction, userId: UserId): Promise<OrganizationId[]> {
  const rows = await tables(tx).membership.findMany({ where: { userId }, select: { organizationId: true } });
  return rows.map(({ organizationId }) => OrganizationId.require(organizationId));
}

/** Nobody ends one of these memberships before the transaction is over. */
export async function keepMembershipsOf(tx: UserTransaction, userIds: readonly UserId[]): Promise<void> {
  await tables(tx).$queryRaw`
    SELECT id FROM membership WHERE user_id = ANY (${[...userIds]}) ORDER BY id FOR KEY SHARE`;
}

export function countMembers(tx: UserTransaction, organizationId: OrganizationId): Promise<number> {
  return tables(tx).membership.count({ where: { organizationId } });
}

/** How many organisations the user created and is still a member of, without those that never came to be. */
export function countFounded(tx: UserTransaction, userId: UserId): Promise<number> {
  return tables(tx).membership.count({ where: { userId, founder: true } });
}

/** Of an organisation that never came to be: it is not counted any more. */
export async function forgetFounder(tx: UserTransaction, organizationId: OrganizationId): Promise<void> {
  await tables(tx).membership.updateMany({ where: { organizationId, founder: true }, data: { founder: false } });
}

/** Who created the organisation, if still a member of it. */
export async function findFounder(tx: UserTransaction, organizationId: OrganizationId): Promise<UserId | undefined> {
  const row = await tables(tx).membership.findFirst({
    where: { organizationId, founder: true },
    select: { userId: true },
  });
  return row === null ? undefined : UserId.require(row.userId);
}

export async function isMember(tx: UserTransaction, organizationId: OrganizationId, userId: UserId): Promise<boolean> {
  return (await tables(tx).membership.count({ where: { organizationId, userId } })) > 0;
}

export interface NewMembership extends Omit<Membership, "version"> {
  /** Did this member create the organisation? */
  readonly founder: boolean;
  readonly roleIds: readonly RoleId[];
}

export async function insertMembership(tx: UserTransaction, { roleIds, ...row }: NewMembership): Promise<void> {
  await tables(tx).membership.create({ data: row });
  await insertMembershipRoles(tx, row, roleIds);
}

/** Replaces the roles. @returns the membership's new version */
export async function setMembershipRoles(
  tx: UserTransaction,
  membership: Pick<Membership, "id" | "organizationId">,
  roleIds: readonly RoleId[],
): Promise<number> {
  await tables(tx).membershipRole.deleteMany({ where: { membershipId: membership.id } });
  await insertMembershipRoles(tx, membership, roleIds);
  const { version } = await tables(tx).membership.update({
    where: { id: membership.id },
    data: { version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

async function insertMembershipRoles(
  tx: UserTransaction,
  { id, organizationId }: Pick<Membership, "id" | "organizationId">,
  roleIds: readonly RoleId[],
): Promise<void> {
  await tables(tx).membershipRole.createMany({
    data: roleIds.map((roleId) => ({ membershipId: id, roleId, organizationId })),
  });
}

export async function deleteMembership(tx: UserTransaction, id: MembershipId): Promise<void> {
  await tables(tx).membership.delete({ where: { id } });
}

/** Would the organisation be without an owner if this membership were none? */
export async function isLastOwner(
  tx: UserTransaction,
  { id, organizationId }: Pick<Membership, "id" | "organizationId">,
): Promise<boolean> {
  const owners = await tables(tx).membershipRole.findMany({
    where: { organizationId, role: { name: OWNER, builtIn: true } },
    select: { membershipId: true },
  });
  return owners.length === 1 && owners[0]?.membershipId === id;
}
