/** A domain, for somebody who owns its organisation; that is held until the commit. */
import { notFound, requirePermission } from "../../../../platform/errors/refusals.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { OrganizationDomain } from "../../domain/identity-provider.ts";
import { DomainId } from "../../domain/ids.ts";
import { requireActive } from "../../errors.ts";
import { OWN_ORGANIZATION } from "../../policies.ts";
import type { UserTransaction } from "../../store/database.ts";
import { findDomain } from "../../store/organization-domains.ts";
import { lockOrganization } from "../../store/organizations.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN` */
export async function requireOwnDomain(
  tx: UserTransaction,
  { identity }: Pick<Person, "identity">,
  text: string,
): Promise<OrganizationDomain> {
  const missing = notFound("domain", "id");
  const id = DomainId.from(text);
  const seen = id === undefined ? undefined : await findDomain(tx, id);
  if (seen === undefined) throw missing;
  requirePermission(identity, seen.organizationId, OWN_ORGANIZATION, missing);
  requireActive(await lockOrganization(tx, seen.organizationId));
  // Again: it may have been removed while we waited.
  const domain = await findDomain(tx, seen.id);
  if (domain === undefined) throw missing;
  return domain;
}
