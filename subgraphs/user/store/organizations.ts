/** Statements about organisations and their roles. */
import type { UserTransaction } from "../../../prisma/user/client.ts";
import { organizationRows } from "../../../prisma/user/generated/raw-rows.ts";
import type { OrganizationStatus } from "../../../schema/generated/user.ts";
import { oneOf } from "./rows.ts";

export const ORGANIZATION_STATUSES = ["ACTIVE", "SUSPENDED"] as const satisfies readonly OrganizationStatus[];

export interface OrganizationRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: OrganizationStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface RoleRow {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly builtIn: boolean;
}

function toOrganization<Row extends { status: string }>(row: Row) {
  return { ...row, status: oneOf(ORGANIZATION_STATUSES, row.status) };
}

export async function findOrganizations(tx: UserTransaction, ids: readonly string[]): Promise<OrganizationRow[]> {
  return (await tx.organization.findMany({ where: { id: { in: [...ids] } } })).map(toOrganization);
}

/** Sees the transaction's tenants only: a foreign slug is a missing one. */
export async function findOrganizationBySlug(tx: UserTransaction, slug: string): Promise<OrganizationRow | undefined> {
  const row = await tx.organization.findUnique({ where: { slug } });
  return row === null ? undefined : toOrganization(row);
}

/** False when the slug is in use, whoever uses it, also in a transaction that is running. */
export async function insertOrganization(
  tx: UserTransaction,
  { id, slug, name, now }: { id: string; slug: string; name: string; now: Date },
): Promise<boolean> {
  const { count } = await tx.organization.createMany({
    data: [{ id, slug, name, status: "ACTIVE", createdAt: now, updatedAt: now }],
    skipDuplicates: true,
  });
  return count === 1;
}

/** `undefined` when the organisation is not at `expectedVersion` (any more). */
export async function renameOrganization(
  tx: UserTransaction,
  { id, expectedVersion, name, now }: { id: string; expectedVersion: number; name: string; now: Date },
): Promise<OrganizationRow | undefined> {
  const [row] = await tx.organization.updateManyAndReturn({
    where: { id, version: expectedVersion },
    data: { name, updatedAt: now, version: { increment: 1 } },
  });
  return row === undefined ? undefined : toOrganization(row);
}

/**
 * Holds the organisation until the end of the transaction: changes of its members happen one after the other.
 * @returns it as nobody else can change it meanwhile; `undefined` when there is none among the tenants
 */
export async function lockOrganization(tx: UserTransaction, id: string): Promise<OrganizationRow | undefined> {
  const { columns, parse } = organizationRows;
  const [row] = parse(await tx.$queryRaw`SELECT ${columns} FROM organization WHERE id = ${id} FOR NO KEY UPDATE`);
  return row === undefined ? undefined : toOrganization(row);
}

/** Of an organisation that the transaction holds. @returns its new version */
export async function setOrganizationStatus(
  tx: UserTransaction,
  { id, status, now }: { id: string; status: OrganizationStatus; now: Date },
): Promise<number> {
  const { version } = await tx.organization.update({
    where: { id },
    data: { status, updatedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

export async function insertRoles(
  tx: UserTransaction,
  roles: readonly { id: string; organizationId: string; name: string; permissions: readonly string[] }[],
): Promise<void> {
  await tx.role.createMany({
    data: roles.map(({ permissions, ...role }) => ({ ...role, permissions: [...permissions], builtIn: true })),
  });
}

export async function findRoles(tx: UserTransaction, ids: readonly string[]): Promise<RoleRow[]> {
  return tx.role.findMany({ where: { id: { in: [...ids] } } });
}

export async function findRolesOfOrganizations(
  tx: UserTransaction,
  organizationIds: readonly string[],
): Promise<RoleRow[]> {
  return tx.role.findMany({ where: { organizationId: { in: [...organizationIds] } }, orderBy: { id: "asc" } });
}
