/** Statements on roles and who holds them. */
import { z } from "zod";
import type { RoleModel } from "../../../prisma/user/generated/models/Role.ts";
import { roleRows } from "../../../prisma/user/generated/raw-rows.ts";
import { OrganizationStatus } from "../../../schema/generated/user.ts";
import { MembershipId, OrganizationId, RoleId, type SessionId, type UserId } from "../domain/ids.ts";
import type { Role } from "../domain/organization.ts";
import { permissionsUnder } from "../policies.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toRole({ name, permissions, builtIn, ...row }: RoleModel): Role {
  const organizationId = OrganizationId.require(row.organizationId);
  return { id: RoleId.require(row.id), organizationId, name, permissions, builtIn };
}

/** The roles that every organisation has. */
export async function insertBuiltInRoles(tx: UserTransaction, roles: readonly Omit<Role, "builtIn">[]): Promise<void> {
  const data = roles.map(({ permissions, ...role }) => ({ ...role, permissions: [...permissions], builtIn: true }));
  await tables(tx).role.createMany({ data });
}

export async function insertRole(tx: UserTransaction, { permissions, ...role }: Role): Promise<void> {
  await tables(tx).role.create({ data: { ...role, permissions: [...permissions] } });
}

export async function updateRoleRow(tx: UserTransaction, { id, name, permissions }: Role): Promise<void> {
  await tables(tx).role.update({ where: { id }, data: { name, permissions: [...permissions] } });
}

export async function deleteRoleRow(tx: UserTransaction, id: RoleId): Promise<void> {
  await tables(tx).role.delete({ where: { id } });
}

export function countHolders(tx: UserTransaction, id: RoleId): Promise<number> {
  return tables(tx).membershipRole.count({ where: { roleId: id } });
}

export async function findRoles(tx: UserTransaction, ids: readonly RoleId[]): Promise<Role[]> {
  const rows = await tables(tx).role.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toRole);
}

/** In the order of their creation. */
export async function findRolesOfOrganizations(
  tx: UserTransaction,
  organizationIds: readonly OrganizationId[],
): Promise<Role[]> {
  const where = { organizationId: { in: [...organizationIds] } };
  const rows = await tables(tx).role.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toRole);
}

const heldRoleRows = z.array(z.intersection(z.object({ membershipId: MembershipId.schema }), roleRows.schema));

/** By membership, in the order of the roles' creation. */
export async function findRolesOfMemberships(
  tx: UserTransaction,
  membershipIds: readonly MembershipId[],
): Promise<ReadonlyMap<MembershipId, readonly Role[]>> {
  // One statement: Prisma would read the memberships' roles and then the roles.
  const rows = await tables(tx).$queryRaw`
    SELECT held.membership_id AS "membershipId", ${roleRows.columnsOf("role")}
    FROM membership_role held JOIN role ON role.id = held.role_id
    WHERE held.membership_id = ANY (${[...membershipIds]}) ORDER BY role.id`;
  const roles = new Map<MembershipId, Role[]>();
  for (const { membershipId, ...row } of heldRoleRows.parse(rows)) {
    const sofar = roles.get(membershipId) ?? [];
    roles.set(membershipId, [...sofar, toRole(row)]);
  }
  return roles;
}

const grantRows = z.array(
  z.object({
    id: OrganizationId.schema,
    status: z.enum(OrganizationStatus),
    lacksSecondFactor: z.boolean(),
    lacksProviderSignIn: z.boolean(),
    permissions: z.array(z.string()).nullable(),
  }),
);

/**
 * By organisation the permissions that circumstances leave, of the organisations among the transaction's tenants.
 * @param sessionId by which the user acts; absent where no session is asked for, as behind an API key
 */
export async function findGrants(
  tx: UserTransaction,
  userId: UserId,
  sessionId?: SessionId,
): Promise<Map<OrganizationId, ReadonlySet<string>>> {
  // One statement: Prisma would read memberships, organisations, held roles and roles one after the other.
  const rows = await tables(tx).$queryRaw`
    SELECT organization.id, organization.status, role.permissions,
      CASE
        WHEN session.provider_organization_id = organization.id THEN false
        -- A provider asked for no factor of the account: elsewhere that session counts as one without.
        WHEN session.provider_organization_id IS NOT NULL
          THEN organization.requires_second_factor OR "user".has_second_factor
        ELSE organization.requires_second_factor AND NOT "user".has_second_factor
      END AS "lacksSecondFactor",
      session.id IS NOT NULL AND coalesce(provider.enforced, false)
        AND session.provider_organization_id IS DISTINCT FROM organization.id
        AND EXISTS (
          SELECT 1 FROM organization_domain own
          WHERE own.organization_id = organization.id AND own.verified_at IS NOT NULL
            AND own.domain = split_part("user".email, '@', 2)
        ) AS "lacksProviderSignIn"
    FROM membership JOIN organization ON organization.id = membership.organization_id
      JOIN "user" ON "user".id = membership.user_id
      LEFT JOIN session ON session.id = ${sessionId ?? null} AND session.user_id = "user".id
      LEFT JOIN identity_provider provider ON provider.organization_id = organization.id
      LEFT JOIN membership_role held ON held.membership_id = membership.id LEFT JOIN role ON role.id = held.role_id
    WHERE membership.user_id = ${userId}`;
  const grants = new Map<OrganizationId, ReadonlySet<string>>();
  for (const { id, permissions, ...circumstances } of grantRows.parse(rows)) {
    const more = permissionsUnder(circumstances, permissions ?? []);
    grants.set(id, new Set([...(grants.get(id) ?? []), ...more]));
  }
  return grants;
}

/** Whether the user may do something in one of the transaction's organisations, now. */
export async function mayNow(
  tx: UserTransaction,
  userId: UserId,
  organizationId: OrganizationId,
  permission: string,
): Promise<boolean> {
  return (await findGrants(tx, userId)).get(organizationId)?.has(permission) === true;
}
