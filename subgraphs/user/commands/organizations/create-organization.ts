/**
 * Creates an organisation with its roles and its owner in one transaction. A slug belongs to one organisation for ever.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse, UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { OrganizationCreateInput } from "../../../../schema/generated/user.ts";
import { OrganizationId } from "../../domain/ids.ts";
import { type Slug, slugFrom } from "../../domain/slug.ts";
import { membershipCreated, organizationCreated } from "../../domain-events.ts";
import { slugTaken } from "../../errors.ts";
import { BUILT_IN_ROLES, OWNER } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { countFounded, insertMembership } from "../../store/memberships.ts";
import { insertOrganization } from "../../store/organizations.ts";
import { insertBuiltInRoles } from "../../store/roles.ts";
import { lockUser } from "../../store/users.ts";
import { requireOrganizationName, requireSlug } from "../../validation/text.ts";

/** Organisations that one user may create. */
const MAX_FOUNDED = 20;
/** Tries to find a free slug when the client leaves it to us. */
const SLUG_TRIES = 3;

const storedResult = z.object({ organizationId: OrganizationId.schema });

export type CreatedOrganization = Readonly<z.infer<typeof storedResult>>;

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG`, `TAKEN`, `LIMIT_REACHED`, `IDEMPOTENCY_…` */
export async function createOrganization(
  services: UserServices,
  actor: Person,
  input: OrganizationCreateInput,
): Promise<CommandOutcome<CreatedOrganization>> {
  const name = requireOrganizationName(input.name);
  if (input.slug != null) return tryCreate(services, actor, input, { name, slug: requireSlug(input.slug) });
  for (let left = SLUG_TRIES; ; left -= 1) {
    const slug = slugFrom(name, left === SLUG_TRIES ? "" : randomBytes(3).toString("hex"));
    try {
      return await tryCreate(services, actor, input, { name, slug });
    } catch (error) {
      const taken = error instanceof UserFailure && error.userErrors.some(({ code }) => code === "TAKEN");
      if (!taken || left === 0) throw error;
    }
  }
}

function tryCreate(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { idempotencyKey, ...input }: OrganizationCreateInput,
  { name, slug }: { name: string; slug: Slug },
): Promise<CommandOutcome<CreatedOrganization>> {
  const { clock, ids } = services;
  const id = ids.next("org");
  const command = {
    tenants: [userId, id],
    causation,
    idempotency: { key: idempotencyKey, tenant: userId, command: "organizationCreate", input, result: storedResult },
  };
  return runCommand(services, command, async ({ tx, emit }) => {
    const now = clock.now();
    await lockUser(tx, userId);
    if ((await countFounded(tx, userId)) >= MAX_FOUNDED) {
      throw refuse("LIMIT_REACHED", `You can create at most ${MAX_FOUNDED} organisations.`);
    }
    if (!(await insertOrganization(tx, { id, slug, name, now }))) {
      throw slugTaken();
    }
    const roles = Object.entries(BUILT_IN_ROLES).map(([roleName, permissions]) => ({
      id: ids.next("rol"),
      organizationId: id,
      name: roleName,
      permissions,
    }));
    await insertBuiltInRoles(tx, roles);
    const owners = roles.filter((role) => role.name === OWNER);
    const owner = { id: ids.next("mem"), organizationId: id, userId };
    await insertMembership(tx, { ...owner, founder: true, joinedAt: now, roleIds: owners.map((role) => role.id) });
    emit(organizationCreated({ id, name, slug }, userId));
    emit(membershipCreated(owner, owners));
    return { organizationId: id };
  });
}
