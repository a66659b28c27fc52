/** Takes a domain away from an organisation: its addresses do not sign in at the organisation's provider any more. */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { DomainRemoveInput } from "../../../../schema/generated/user.ts";
import { domainRemoved } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { deleteDomain } from "../../store/organization-domains.ts";
import { requireOwnDomain } from "../../validation/domains.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN` */
export function removeDomain(
  services: UserServices,
  person: Person,
  { id }: DomainRemoveInput,
): Promise<CommandOutcome<{ readonly removedId: string }>> {
  const command = { tenants: tenantsOf(person.identity), causation: person.causation };
  return runCommand(services, command, async ({ tx, emit }) => {
    const domain = await requireOwnDomain(tx, person.identity, id);
    await deleteDomain(tx, domain.id);
    emit(domainRemoved(domain));
    return { removedId: domain.id };
  });
}
