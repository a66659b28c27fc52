/** The part that every new organisation shares: itself, its roles, its owner, and the saga that sets it up. */
import { randomBytes } from "node:crypto";
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { CommandScope } from "../../../platform/database/command.ts";
import { UserFailure } from "../../../platform/errors/user-failure.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { SagaId } from "../../../platform/saga/saga.ts";
import { beginMembership } from "../commands/memberships/begin-membership.ts";
import type { UserId } from "../domain/ids.ts";
import type { PlanWish } from "../domain/plan-wish.ts";
import { type Slug, slugFrom } from "../domain/slug.ts";
import { organizationCreated } from "../domain-events.ts";
import { slugTaken } from "../errors.ts";
import { BUILT_IN_ROLES, OWNER } from "../policies.ts";
import type { UserServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";
import { insertOrganization } from "../store/organizations.ts";
import { insertBuiltInRoles } from "../store/roles.ts";
import { provisioningOf } from "./provisioning-saga.ts";

/** Tries to find a free slug when nobody chose one. */
const SLUG_TRIES = 3;

export interface NewFoundation {
  readonly id: OrganizationId;
  readonly name: string;
  readonly slug: Slug;
  /** Locked by the transaction. */
  readonly founderId: UserId;
  readonly plan: PlanWish | undefined;
  readonly causation: Causation;
}

export interface FoundedOrganization {
  readonly organizationId: OrganizationId;
  readonly sagaId: SagaId;
}

/** @throws UserFailure `TAKEN`: then the transaction must not be committed */
export async function foundOrganization(
  { ids, clock, sagas }: Pick<UserServices, "ids" | "clock" | "sagas">,
  scope: CommandScope<UserTransaction>,
  { id, name, slug, founderId, plan, causation }: NewFoundation,
): Promise<FoundedOrganization> {
  const { tx, emit } = scope;
  const now = clock.now();
  const sagaId = ids.next("sga");
  if (!(await insertOrganization(tx, { id, slug, name, now }))) throw slugTaken();
  const roles = Object.entries(BUILT_IN_ROLES).map(([roleName, permissions]) => ({
    id: ids.next("rol"),
    organizationId: id,
    name: roleName,
    permissions,
  }));
  await insertBuiltInRoles(tx, roles);
  const owners = roles.filter((role) => role.name === OWNER);
  emit(organizationCreated({ id, name, slug, sagaId }, founderId));
  const founder = { organizationId: id, userId: founderId, roles: owners, founder: true, joinedAt: now };
  await beginMembership({ ids }, scope, founder);
  await sagas.start(scope, provisioningOf({ id: sagaId, causation, organizationId: id, founderId, plan }));
  return { organizationId: id, sagaId };
}

/** Tries slugs made of the name until one is free. @param work throws `TAKEN` for one that is not */
export async function withFreeSlug<Result>(name: string, work: (slug: Slug) => Promise<Result>): Promise<Result> {
  for (let left = SLUG_TRIES; ; left -= 1) {
    const slug = slugFrom(name, left === SLUG_TRIES ? "" : randomBytes(3).toString("hex"));
    try {
      return await work(slug);
    } catch (error) {
      const taken = error instanceof UserFailure && error.userErrors.some(({ code }) => code === "TAKEN");
      if (!taken || left === 0) throw error;
    }
  }
}
