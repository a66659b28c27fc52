/**
 * Offers a plan, in a new version where there is one of its code. Operators decide that. Those who are on an older
 * version keep it, with its price and what it grants.
 */
import { z } from "zod";
import { canOperate } from "../../../../platform/auth/operators.ts";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import type { PlanPublishInput } from "../../../../schema/generated/billing.ts";
import { PlanId } from "../../domain/ids.ts";
import { planPublished } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { lockPlanCode, replacePlan } from "../../store/plans.ts";
import { requirePlanTerms } from "../../validation/plan-terms.ts";

const storedResult = z.object({ planId: PlanId.schema });

/** @throws UserFailure `FORBIDDEN`, `INVALID`, `BLANK`, `TOO_LONG`, `TAKEN`, `IDEMPOTENCY_…` */
export async function publishPlan(
  services: BillingServices,
  { identity, causation }: Operator,
  input: PlanPublishInput,
): Promise<CommandOutcome<z.infer<typeof storedResult>>> {
  if (!canOperate(identity, services.operatorOrganizationId)) {
    throw refuse("FORBIDDEN", "Only operators of this installation may publish plans.");
  }
  const key = requireIdempotencyKey(input.idempotencyKey);
  const terms = requirePlanTerms(input);
  const { amountMinor, features, ...named } = terms;
  const asked = {
    ...named,
    amountMinor: amountMinor.toString(),
    features: features.map(({ key: feature, limit }) => [feature, limit?.toString() ?? null]),
  };
  const command = { key, tenant: PLATFORM, command: "planPublish", input: asked, result: storedResult } as const;
  const outcome = await runIdempotentCommand(services, { ...command, causation }, async ({ tx, emit }) => {
    const version = (await lockPlanCode(tx, terms.code)) + 1;
    const id = services.ids.next("pln");
    const plan = await replacePlan(tx, { ...terms, id, version, publishedAt: services.clock.now() });
    emit(planPublished(plan));
    return { planId: plan.id };
  });
  await services.planCache.forget();
  return outcome;
}
