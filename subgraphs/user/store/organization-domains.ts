/** Statements on domains of organisations. */
import { z } from "zod";
import type { OrganizationDomainModel } from "../../../prisma/user/generated/models/OrganizationDomain.ts";
import type { OrganizationDomain } from "../domain/identity-provider.ts";
import { DomainId, OrganizationId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toDomain({ domain, token, createdAt, verifiedAt, ...row }: OrganizationDomainModel): OrganizationDomain {
  const organizationId = OrganizationId.require(row.organizationId);
  return { id: DomainId.require(row.id), organizationId, domain, token, createdAt, verifiedAt };
}

/** Oldest first. */
export async function findDomainsOf(
  tx: UserTransaction,
  organizationId: OrganizationId,
): Promise<OrganizationDomain[]> {
  const rows = await tables(tx).organizationDomain.findMany({ where: { organizationId }, orderBy: { id: "asc" } });
  return rows.map(toDomain);
}

export async function findDomains(tx: UserTransaction, ids: readonly DomainId[]): Promise<OrganizationDomain[]> {
  const rows = await tables(tx).organizationDomain.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toDomain);
}

/** False when the organisation has named the domain before. */
export async function insertDomain(
  tx: UserTransaction,
  domain: Omit<OrganizationDomain, "verifiedAt">,
): Promise<boolean> {
  return (await tables(tx).organizationDomain.createMany({ data: [domain], skipDuplicates: true })).count === 1;
}

/** @throws what `isUniqueViolation` knows when the domain is another organisation's */
export async function markDomainVerified(tx: UserTransaction, id: DomainId, now: Date): Promise<OrganizationDomain> {
  return toDomain(await tables(tx).organizationDomain.update({ where: { id }, data: { verifiedAt: now } }));
}

export async function deleteDomain(tx: UserTransaction, id: DomainId): Promise<void> {
  await tables(tx).organizationDomain.delete({ where: { id } });
}

const ownerRows = z.tuple([z.object({ owner: OrganizationId.schema.nullable() })]);

/** Who has shown the domain to be its own; anybody may ask. */
export async function findOwnerOfDomain(tx: UserTransaction, domain: string): Promise<OrganizationId | undefined> {
  const rows = await tables(tx).$queryRaw`SELECT organization_of_domain(${domain}) AS owner`;
  return ownerRows.parse(rows)[0].owner ?? undefined;
}
