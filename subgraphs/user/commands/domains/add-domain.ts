/** Names a domain as the organisation's own. It counts for nothing until a record in its DNS shows it. */
import { randomBytes } from "node:crypto";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { DomainAddInput } from "../../../../schema/generated/user.ts";
import { MAX_DOMAINS, type OrganizationDomain } from "../../domain/identity-provider.ts";
import { domainAdded } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { OWN_ORGANIZATION } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { findDomainsOf, insertDomain } from "../../store/organization-domains.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { requireDomain } from "../../validation/identity-providers.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";

const TOKEN_BYTES = 24;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `TAKEN`, `LIMIT_REACHED` */
export async function addDomain(
  services: UserServices,
  { identity, causation }: Person,
  input: DomainAddInput,
): Promise<CommandOutcome<OrganizationDomain>> {
  const organizationId = requireManagedOrganization(identity, input.organizationId, OWN_ORGANIZATION);
  const domain = requireDomain(input.domain);
  return runCommand(services, { tenants: [organizationId], causation }, async ({ tx, emit }) => {
    requireActive(await lockOrganization(tx, organizationId));
    if ((await findDomainsOf(tx, organizationId)).length >= MAX_DOMAINS) {
      throw refuse("LIMIT_REACHED", `An organisation has at most ${MAX_DOMAINS} domains: remove one first.`);
    }
    const named = {
      id: services.ids.next("dom"),
      ...{ organizationId, domain, token: randomBytes(TOKEN_BYTES).toString("base64url") },
      createdAt: services.clock.now(),
    };
    if (!(await insertDomain(tx, named))) {
      throw refuse("TAKEN", "The organisation has named this domain already.", "domain");
    }
    emit(domainAdded(named));
    return { ...named, verifiedAt: null };
  });
}
