/**
 * Creates an organisation with its roles and its owner in one transaction, and starts the saga that sets it up. A slug
 * belongs to one organisation for ever, unless that one never came to be.
 */
import { z } from "zod";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import { SagaId } from "../../../../platform/saga/saga.ts";
import type { OrganizationCreateInput } from "../../../../schema/generated/user.ts";
import { OrganizationId } from "../../domain/ids.ts";
import type { PlanWish } from "../../domain/plan-wish.ts";
import type { Slug } from "../../domain/slug.ts";
import { foundOrganization, withFreeSlug } from "../../provisioning/found-organization.ts";
import { sealPlan } from "../../provisioning/seal-plan.ts";
import type { UserServices } from "../../services.ts";
import { countFounded } from "../../store/memberships.ts";
import { lockUser } from "../../store/users.ts";
import { requirePlanChoice } from "../../validation/plan-choice.ts";
import { requireOrganizationName, requireSlug } from "../../validation/text.ts";

/** Organisations that one user may create. */
const MAX_FOUNDED = 20;

/** Results that were stored before there were sagas name none. */
const storedResult = z.object({ organizationId: OrganizationId.schema, sagaId: SagaId.schema.optional() });

export type CreatedOrganization = Readonly<z.infer<typeof storedResult>>;

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG`, `TAKEN`, `LIMIT_REACHED`, `IDEMPOTENCY_…` */
export async function createOrganization(
  services: UserServices,
  actor: Person,
  input: OrganizationCreateInput,
): Promise<CommandOutcome<CreatedOrganization>> {
  const name = requireOrganizationName(input.name);
  const choice = requirePlanChoice(input);
  const plan = choice === undefined ? undefined : sealPlan(services, actor.identity.userId, choice);
  const tryWith = (slug: Slug) => tryCreate(services, actor, input, { name, slug, plan });
  return input.slug == null ? withFreeSlug(name, tryWith) : tryWith(requireSlug(input.slug));
}

function tryCreate(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  { idempotencyKey, ...input }: OrganizationCreateInput,
  wish: { readonly name: string; readonly slug: Slug; readonly plan: PlanWish | undefined },
): Promise<CommandOutcome<CreatedOrganization>> {
  const id = services.ids.next("org");
  const command = {
    tenants: [userId, id],
    causation,
    idempotency: { key: idempotencyKey, tenant: userId, command: "organizationCreate", input, result: storedResult },
  };
  return runCommand(services, command, async (scope) => {
    await lockUser(scope.tx, userId);
    if ((await countFounded(scope.tx, userId)) >= MAX_FOUNDED) {
      throw refuse("LIMIT_REACHED", `You can create at most ${MAX_FOUNDED} organisations.`);
    }
    return foundOrganization(services, scope, { id, ...wish, founderId: userId, causation });
  });
}
