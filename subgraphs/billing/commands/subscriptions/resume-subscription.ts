/** Takes back what was arranged for the end of the period: an end, or another plan or quantity. */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { SubscriptionResumeInput } from "../../../../schema/generated/billing.ts";
import { SubscriptionId } from "../../domain/ids.ts";
import { subscriptionResumed } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { changeTerms } from "../../store/subscriptions.ts";
import { runManagedCommand } from "../../validation/managed-command.ts";
import { SUBSCRIPTION } from "../../validation/managed-target.ts";
import { requireSubscriptionAt } from "../../validation/subscription-version.ts";

const storedResult = z.object({ subscriptionId: SubscriptionId.schema });

export type ResumedSubscription = z.infer<typeof storedResult>;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `VERSION_CONFLICT`, `IDEMPOTENCY_…` */
export async function resumeSubscription(
  services: BillingServices,
  actor: Actor,
  { expectedVersion, ...input }: SubscriptionResumeInput,
): Promise<CommandOutcome<ResumedSubscription>> {
  const terms = { expectedVersion };
  const command = { command: "subscriptionResume", target: SUBSCRIPTION, input, terms, result: storedResult };
  return runManagedCommand(services, actor, command, async ({ tx, emit }, { id }, here) => {
    const { status, cancelAt, next } = await requireSubscriptionAt(tx, id, expectedVersion);
    if (status === "CANCELED") throw refuse("STATE_INVALID", "This plan has ended: start one anew.", "id");
    if (cancelAt === null && next === null) {
      throw refuse("STATE_INVALID", "Nothing is arranged for the end of the period.", "id");
    }
    emit(subscriptionResumed(await changeTerms(tx, id, { cancelAt: null, next: null }, here.clock.now())));
    return { subscriptionId: id };
  });
}
