/**
 * Looks whether a domain's record is there. A domain that was shown before stays so; one that another organisation has
 * shown is refused until that one removes it.
 */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { isUniqueViolation } from "../../../../platform/database/unique-violation.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { DomainVerifyInput } from "../../../../schema/generated/user.ts";
import { type OrganizationDomain, RECORD_LABEL, recordOf } from "../../domain/identity-provider.ts";
import { domainVerified } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { markDomainVerified } from "../../store/organization-domains.ts";
import { requireOwnDomain } from "../../validation/domains.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID`, `TAKEN` */
export async function verifyDomain(
  services: UserServices,
  person: Person,
  { id }: DomainVerifyInput,
): Promise<CommandOutcome<OrganizationDomain>> {
  const { database, domainRecords, clock } = services;
  const tenants = tenantsOf(person.identity);
  // Nobody's place is held while the DNS is asked.
  const named = await inTenants(database, tenants, (tx) => requireOwnDomain(tx, person.identity, id));
  if (named.verifiedAt !== null) return { result: named, replayed: false };
  const found = await domainRecords.find(named.domain).catch(() => {
    throw refuse("STATE_INVALID", `Nobody answers for ${named.domain} at the moment: try again shortly.`, "id");
  });
  if (!found.includes(recordOf(named))) {
    const place = `${RECORD_LABEL}.${named.domain}`;
    throw refuse("STATE_INVALID", `There is no TXT record “${recordOf(named)}” at ${place} yet.`, "id");
  }
  try {
    return await runCommand(services, { tenants, causation: person.causation }, async ({ tx, emit }) => {
      const domain = await requireOwnDomain(tx, person.identity, id);
      if (domain.verifiedAt !== null) return domain;
      const verified = await markDomainVerified(tx, domain.id, clock.now());
      emit(domainVerified(verified));
      return verified;
    });
  } catch (error) {
    throw isUniqueViolation(error) ? refuse("TAKEN", "Another organisation has this domain.", "id") : error;
  }
}
