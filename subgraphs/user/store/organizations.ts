/** Statements on organisations. */
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { OrganizationModel } from "../../../prisma/user/generated/models/Organization.ts";
import { organizationRows } from "../../../prisma/user/generated/raw-rows.ts";
import { OrganizationStatus } from "../../../schema/generated/user.ts";
import { OrganizationId } from "../domain/ids.ts";
import type { Organization } from "../domain/organization.ts";
import { closedSlugOf, type Slug } from "../domain/slug.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toOrganization(row: OrganizationModel): Organization {
  const { slug, name, requiresSecondFactor, deletesAt, version, createdAt, updatedAt } = row;
  const status = storedEnum(OrganizationStatus, row.status);
  const id = OrganizationId.require(row.id);
  return { id, slug, name, status, requiresSecondFactor, deletesAt, version, createdAt, updatedAt };
}

export async function findOrganizations(tx: UserTransaction, ids: readonly OrganizationId[]): Promise<Organization[]> {
  const rows = await tables(tx).organization.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toOrganization);
}

/** By a slug that it has or had. Sees the transaction's tenants only: a foreign slug is a missing one. */
export async function findOrganizationBySlug(tx: UserTransaction, slug: Slug): Promise<Organization | undefined> {
  const row = await tables(tx).organization.findFirst({ where: { OR: [{ slug }, { slugs: { some: { slug } } }] } });
  return row === null ? undefined : toOrganization(row);
}

/** False when the slug is or was somebody's, also in a transaction that is running. */
export async function insertOrganization(
  tx: UserTransaction,
  { now, ...organization }: Pick<Organization, "id" | "slug" | "name"> & { readonly now: Date },
): Promise<boolean> {
  const data = [{ ...organization, status: "PROVISIONING", createdAt: now, updatedAt: now }];
  const { count } = await tables(tx).organization.createMany({ data, skipDuplicates: true });
  return count === 1 && (await claimSlug(tx, { ...organization, now }));
}

interface SlugClaim {
  readonly id: OrganizationId;
  readonly slug: string;
  readonly now: Date;
}

/** Makes the slug the organisation's for ever. False when it is or was another one's. */
export async function claimSlug(tx: UserTransaction, { id, slug, now }: SlugClaim): Promise<boolean> {
  const data = [{ slug, organizationId: id, createdAt: now }];
  const { count } = await tables(tx).organizationSlug.createMany({ data, skipDuplicates: true });
  return count === 1 || (await tables(tx).organizationSlug.count({ where: { slug, organizationId: id } })) === 1;
}

/** How many slugs the organisation has and had. */
export function countSlugs(tx: UserTransaction, organizationId: OrganizationId): Promise<number> {
  return tables(tx).organizationSlug.count({ where: { organizationId } });
}

export interface OrganizationChange {
  readonly id: OrganizationId;
  readonly expectedVersion: number;
  readonly now: Date;
  /** What is not named stays. */
  readonly set: Partial<Pick<Organization, "name" | "slug" | "requiresSecondFactor">>;
}

/**
 * @returns `undefined` when the organisation is not at `expectedVersion` (any more)
 * @throws what `isUniqueViolation` knows when another one has the slug
 */
export async function changeOrganization(
  tx: UserTransaction,
  { id, expectedVersion, set, now }: OrganizationChange,
): Promise<Organization | undefined> {
  const [row] = await tables(tx).organization.updateManyAndReturn({
    where: { id, version: expectedVersion },
    data: { ...set, updatedAt: now, version: { increment: 1 } },
  });
  return row === undefined ? undefined : toOrganization(row);
}

/**
 * Holds the organisation until the end of the transaction: changes of its members happen one after the other.
 * @returns it as nobody else can change it meanwhile; `undefined` when there is none among the tenants
 */
export async function lockOrganization(tx: UserTransaction, id: OrganizationId): Promise<Organization | undefined> {
  const { columns, parse } = organizationRows;
  const rows = await tables(tx).$queryRaw`SELECT ${columns} FROM organization WHERE id = ${id} FOR NO KEY UPDATE`;
  const [row] = parse(rows);
  return row === undefined ? undefined : toOrganization(row);
}

/**
 * Of an organisation that the transaction holds and that never came to be: others may have its slugs.
 * @returns its new version
 */
export async function closeOrganization(
  tx: UserTransaction,
  { id, now }: { readonly id: OrganizationId; readonly now: Date },
): Promise<number> {
  await tables(tx).organizationSlug.deleteMany({ where: { organizationId: id } });
  const { version } = await tables(tx).organization.update({
    where: { id },
    data: { slug: closedSlugOf(id), status: "CLOSED", updatedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

/** Of an organisation that the transaction holds. @returns its new version */
export async function setOrganizationStatus(
  tx: UserTransaction,
  { id, status, now }: { id: OrganizationId; status: OrganizationStatus; now: Date },
): Promise<number> {
  const { version } = await tables(tx).organization.update({
    where: { id },
    data: { status, updatedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

/** Of an organisation that the transaction holds. @param deletesAt `null` takes it back. @returns it as it is now */
export async function setDeletion(
  tx: UserTransaction,
  { id, deletesAt, now }: { readonly id: OrganizationId; readonly deletesAt: Date | null; readonly now: Date },
): Promise<Organization> {
  const status = deletesAt === null ? "ACTIVE" : "DELETING";
  const row = await tables(tx).organization.update({
    where: { id },
    data: { status, deletesAt, updatedAt: now, version: { increment: 1 } },
  });
  return toOrganization(row);
}

const DELETED_NAME = "Deleted organisation";

/**
 * Of an organisation that the transaction holds and that has no member any more. Its slugs stay its own: links that led
 * to it lead to nobody else. @returns its new version
 */
export async function markDeleted(
  tx: UserTransaction,
  { id, now }: { readonly id: OrganizationId; readonly now: Date },
): Promise<number> {
  const { version } = await tables(tx).organization.update({
    where: { id },
    data: { status: "DELETED", deletesAt: null, name: DELETED_NAME, updatedAt: now, version: { increment: 1 } },
    select: { version: true },
  });
  return version;
}

/** Those whose time is over, the longest first. For the relay's role. */
export async function findDueDeletions(tx: UserTransaction, now: Date, limit: number): Promise<OrganizationId[]> {
  const rows = await tables(tx).organization.findMany({
    where: { deletesAt: { lte: now } },
    orderBy: { deletesAt: "asc" },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => OrganizationId.require(id));
}
