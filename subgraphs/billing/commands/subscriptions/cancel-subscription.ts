/**
 * Ends a plan: at the end of the paid period, or at once, which credits what is left of it. One that was never paid
 * ends at once, and its invoice is void; so does one that is paused.
 */
import { z } from "zod";
import type { CommandOutcome, CommandScope } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { SubscriptionCancelInput } from "../../../../schema/generated/billing.ts";
import { creditRest } from "../../credit/credit-rest.ts";
import { CreditNoteId, SubscriptionId } from "../../domain/ids.ts";
import type { BillingSubscription } from "../../domain/subscription.ts";
import { subscriptionCanceled, subscriptionScheduled } from "../../domain-events.ts";
import { voidUnpaid } from "../../lifecycle/void-unpaid.ts";
import type { BillingServices } from "../../services.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { findPaidLine, hasOpenInvoice } from "../../store/invoices.ts";
import { requireRow } from "../../store/require-row.ts";
import { isChangePending } from "../../store/subscription-changes.ts";
import { changeTerms, cancelSubscription as endSubscription } from "../../store/subscriptions.ts";
import { runManagedCommand } from "../../validation/managed-command.ts";
import { SUBSCRIPTION } from "../../validation/managed-target.ts";
import { requireSubscriptionAt } from "../../validation/subscription-version.ts";

const storedResult = z.object({
  subscriptionId: SubscriptionId.schema,
  creditNoteId: CreditNoteId.schema.nullable(),
});

export type CanceledSubscription = z.infer<typeof storedResult>;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `VERSION_CONFLICT`, `IDEMPOTENCY_…` */
export async function cancelSubscription(
  services: BillingServices,
  actor: Actor,
  { expectedVersion, when, ...input }: SubscriptionCancelInput,
): Promise<CommandOutcome<CanceledSubscription>> {
  const terms = { expectedVersion, when };
  const command = { command: "subscriptionCancel", target: SUBSCRIPTION, input, terms, result: storedResult };
  return runManagedCommand(services, actor, command, async (scope, { id }, here) => {
    const subscription = await requireSubscriptionAt(scope.tx, id, expectedVersion);
    const { status, cancelAt } = subscription;
    if (status === "CANCELED") throw refuse("STATE_INVALID", "This plan has ended.", "id");
    if (when === "PERIOD_END" && status !== "INCOMPLETE" && status !== "PAUSED") {
      if (cancelAt !== null) throw refuse("STATE_INVALID", "This plan ends with its period already.", "when");
      const terms = { cancelAt: subscription.currentPeriodEnd, next: null };
      scope.emit(subscriptionScheduled(await changeTerms(scope.tx, id, terms, here.clock.now())));
      return { subscriptionId: id, creditNoteId: null };
    }
    return { subscriptionId: id, creditNoteId: await endNow(here, scope, subscription) };
  });
}

/** @returns what is credited; null: nothing */
async function endNow(
  services: BillingServices,
  scope: CommandScope<BillingTransaction>,
  { id, accountId, status }: BillingSubscription,
): Promise<CreditNoteId | null> {
  const { tx, emit } = scope;
  const now = services.clock.now();
  if (await isChangePending(tx, id)) {
    throw refuse("STATE_INVALID", "A change of this plan waits for its payment: wait for the outcome.", "id");
  }
  if (status === "INCOMPLETE" && !(await voidUnpaid(scope, id, now))) {
    throw refuse("STATE_INVALID", "A payment of this plan is under way: wait for its outcome.", "id");
  }
  // What it pays for could not be credited any more.
  if (status === "ACTIVE" && (await hasOpenInvoice(tx, id))) {
    throw refuse("STATE_INVALID", "The payment of this period is under way: wait for its outcome.", "id");
  }
  const line = status === "ACTIVE" ? await findPaidLine(tx, id, now) : undefined;
  const creditNote = await creditRest(services, scope, { line, accountId, reason: "PLAN_CANCELED", from: now });
  emit(subscriptionCanceled(requireRow(await endSubscription(tx, id, { from: status, at: now })), status));
  return creditNote?.id ?? null;
}
