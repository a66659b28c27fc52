/** The domain that a command is about, for an owner of its organisation, which is held until the commit. */
import type { Identity } from "../../../platform/auth/identity.ts";
import type { OrganizationDomain } from "../domain/identity-provider.ts";
import { DomainId } from "../domain/ids.ts";
import { OWN_ORGANIZATION } from "../policies.ts";
import type { UserTransaction } from "../store/database.ts";
import { findDomains } from "../store/organization-domains.ts";
import { holdManaged } from "./managed-row.ts";

const DOMAIN = { kind: DomainId, noun: "domain", permission: OWN_ORGANIZATION, find: findDomains } as const;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN` */
export function requireOwnDomain(tx: UserTransaction, identity: Identity, text: string): Promise<OrganizationDomain> {
  return holdManaged(tx, identity, DOMAIN, text);
}
