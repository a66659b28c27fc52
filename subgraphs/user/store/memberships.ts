/** Statements about memberships and the roles they carry. */
import { z } from "zod";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { UserTransaction } from "../../../prisma/user/client.ts";
import { roleRows } from "../../../prisma/user/generated/raw-rows.ts";
import { OWNER, permissionsUnder } from "../policies.ts";
import { ORGANIZATION_STATUSES, type RoleRow } from "./organizations.ts";
import { pageOf, type RowPage } from "./rows.ts";

export interface MembershipRow {
  readonly id: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly version: number;
  readonly joinedAt: Date;
}

const VISIBLE = { id: true, organizationId: true, userId: true, version: true, joinedAt: true } as const;

export async function findMemberships(tx: UserTransaction, ids: readonly string[]): Promise<MembershipRow[]> {
  return tx.membership.findMany({ where: { id: { in: [...ids] } }, select: VISIBLE });
}

export async function findMembership(tx: UserTransaction, id: string): Promise<MembershipRow | undefined> {
  return (await tx.membership.findUnique({ where: { id }, select: VISIBLE })) ?? undefined;
}

export async function pageMemberships(
  tx: UserTransaction,
  owner: { organizationId: string } | { userId: string },
  page: Page,
): Promise<RowPage<MembershipRow>> {
  const { after, orderBy, take } = pageOf(page, "oldestFirst");
  const rows = await tx.membership.findMany({ where: { ...owner, ...after }, orderBy, take, select: VISIBLE });
  return { rows, totalCount: page.counted ? await tx.membership.count({ where: owner }) : null };
}

export async function findOrganizationIdsOfUser(tx: UserTransaction, userId: string): Promise<string[]> {
  const rows = await tx.membership.findMany({ where: { userId }, select: { organizationId: true } });
  return rows.map(({ organizationId }) => organizationId);
}

const grantRows = z.array(
  z.object({
    id: z.string(),
    status: z.enum(ORGANIZATION_STATUSES),
    permissions: z.array(z.string()).nullable(),
  }),
);

/** Organisation id → permissions as its status leaves them, of the organisations among the transaction's tenants. */
export async function findGrants(tx: UserTransaction, userId: string): Promise<Map<string, ReadonlySet<string>>> {
  // One statement: Prisma would read memberships, organisations, held roles and roles one after the other.
  const rows = await tx.$queryRaw`
    SELECT organization.id, organization.status, role.permissions
    FROM membership JOIN organization ON organization.id = membership.organization_id
      LEFT JOIN membership_role held ON held.membership_id = membership.id LEFT JOIN role ON role.id = held.role_id
    WHERE membership.user_id = ${userId}`;
  const grants = new Map<string, ReadonlySet<string>>();
  for (const { id, status, permissions } of grantRows.parse(rows)) {
    const more = permissionsUnder(status, permissions ?? []);
    grants.set(id, new Set([...(grants.get(id) ?? []), ...more]));
  }
  return grants;
}

/** How many organisations the user created and is still a member of. */
export async function countFounded(tx: UserTransaction, userId: string): Promise<number> {
  return tx.membership.count({ where: { userId, founder: true } });
}

export async function isMember(tx: UserTransaction, organizationId: string, userId: string): Promise<boolean> {
  return (await tx.membership.count({ where: { organizationId, userId } })) > 0;
}

export interface NewMembership {
  readonly id: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly founder: boolean;
  readonly joinedAt: Date;
  readonly roleIds: readonly string[];
}

export async function insertMembership(tx: UserTransaction, { roleIds, ...row }: NewMembership): Promise<void> {
  await tx.membership.create({ data: row });
  await insertMembershipRoles(tx, row, roleIds);
}

/** Replaces the roles. @returns the membership's new version */
export async function setMembershipRoles(
  tx: UserTransaction,
  membership: { id: string; organizationId: string },
  roleIds: readonly string[],
): Promise<number> {
  await tx.membershipRole.deleteMany({ where: { membershipId: membership.id } });
  await insertMembershipRoles(tx, membership, roleIds);
  const { version } = await tx.membership.update({
    where: { id: membership.id },
    data: { version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

async function insertMembershipRoles(
  tx: UserTransaction,
  { id, organizationId }: { id: string; organizationId: string },
  roleIds: readonly string[],
): Promise<void> {
  await tx.membershipRole.createMany({
    data: roleIds.map((roleId) => ({ membershipId: id, roleId, organizationId })),
  });
}

export async function deleteMembership(tx: UserTransaction, id: string): Promise<void> {
  await tx.membership.delete({ where: { id } });
}

const heldRoleRows = z.array(z.intersection(z.object({ membershipId: z.string() }), roleRows.schema));

/** Membership id → roles, in the order of the roles' creation. */
export async function findRolesOfMemberships(
  tx: UserTransaction,
  membershipIds: readonly string[],
): Promise<ReadonlyMap<string, readonly RoleRow[]>> {
  // One statement: Prisma would read the memberships' roles and then the roles.
  const rows = await tx.$queryRaw`
    SELECT held.membership_id AS "membershipId", ${roleRows.columnsOf("role")}
    FROM membership_role held JOIN role ON role.id = held.role_id
    WHERE held.membership_id = ANY (${[...membershipIds]}) ORDER BY role.id`;
  const roles = new Map<string, RoleRow[]>();
  for (const { membershipId, ...role } of heldRoleRows.parse(rows)) {
    const known = roles.get(membershipId);
    if (known === undefined) roles.set(membershipId, [role]);
    else known.push(role);
  }
  return roles;
}

/** Would the organisation be without an owner if this membership were none? */
export async function isLastOwner(
  tx: UserTransaction,
  { id, organizationId }: { id: string; organizationId: string },
): Promise<boolean> {
  const owners = await tx.membershipRole.findMany({
    where: { organizationId, role: { name: OWNER, builtIn: true } },
    select: { membershipId: true },
  });
  return owners.length === 1 && owners[0]?.membershipId === id;
}
