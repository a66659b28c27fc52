/**
 * Gives an organisation another name or another slug, or requires a second factor of its members, unless somebody else
 * changed it since it was read. A slug that it had stays its own: links to it go on working, and nobody can take it to
 * receive them. Whoever requires a second factor has one.
 */
import { responsibleUser } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { isUniqueViolation } from "../../../../platform/database/unique-violation.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { OrganizationUpdateInput } from "../../../../schema/generated/user.ts";
import type { Organization } from "../../domain/organization.ts";
import { organizationUpdated, securityChanged } from "../../domain-events.ts";
import { slugTaken } from "../../errors.ts";
import { MANAGE_ORGANIZATION } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import { changeOrganization, claimSlug, countSlugs, lockOrganization } from "../../store/organizations.ts";
import { hasSecondFactor } from "../../store/second-factors.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";
import { requireOrganizationName, requireSlug } from "../../validation/text.ts";

/** Slugs that one organisation may have had: each is withheld from all others. */
const MAX_SLUGS = 10;

/**
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `INVALID`, `TOO_LONG`, `TAKEN`, `LIMIT_REACHED`,
 * `STATE_INVALID`, `VERSION_CONFLICT`
 */
export async function updateOrganization(
  services: UserServices,
  { identity, causation }: Actor,
  { expectedVersion, ...input }: OrganizationUpdateInput,
): Promise<CommandOutcome<Organization>> {
  const id = requireManagedOrganization(identity, input.id, MANAGE_ORGANIZATION, "id");
  const slug = input.slug == null ? undefined : requireSlug(input.slug);
  const requiresSecondFactor = input.requireSecondFactor ?? undefined;
  // Naming nothing is naming an empty name.
  const isNamed = input.name != null || (slug === undefined && requiresSecondFactor === undefined);
  const name = isNamed ? requireOrganizationName(input.name ?? "") : undefined;
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(slug === undefined ? {} : { slug }),
    ...(requiresSecondFactor === undefined ? {} : { requiresSecondFactor }),
  };
  try {
    return await runCommand(services, { tenants: [id], causation }, async ({ tx, emit }) => {
      const now = services.clock.now();
      const before = await lockOrganization(tx, id);
      if (requiresSecondFactor === true && !(await hasSecondFactor(tx, responsibleUser(identity)))) {
        throw refuse("STATE_INVALID", "Set up a second factor of your own first.", "requireSecondFactor");
      }
      const organization = await changeOrganization(tx, { id, expectedVersion, set, now });
      if (organization === undefined) {
        throw refuse(
          "VERSION_CONFLICT",
          "The organisation was changed since you read it: read it again.",
          "expectedVersion",
        );
      }
      if (slug !== undefined) await keepSlug(tx, { id, slug, now });
      emit(organizationUpdated(organization));
      if (before?.requiresSecondFactor !== organization.requiresSecondFactor) emit(securityChanged(organization));
      return organization;
    });
  } catch (error) {
    throw isUniqueViolation(error) ? slugTaken() : error;
  }
}

async function keepSlug(tx: UserTransaction, claim: Parameters<typeof claimSlug>[1]): Promise<void> {
  if (!(await claimSlug(tx, claim))) throw slugTaken();
  if ((await countSlugs(tx, claim.id)) > MAX_SLUGS) {
    throw refuse("LIMIT_REACHED", `An organisation has at most ${MAX_SLUGS} slugs, former ones included.`, "slug");
  }
}
