/**
 * Pauses a plan: it grants nothing and costs nothing, and what is left of the paid period is credited. It goes on when
 * it is resumed, with a period that begins then.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { SubscriptionPauseInput } from "../../../../schema/generated/billing.ts";
import { creditRest } from "../../credit/credit-rest.ts";
import { CreditNoteId, SubscriptionId } from "../../domain/ids.ts";
import { subscriptionPaused } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { findPaidLine, hasOpenInvoice } from "../../store/invoices.ts";
import { requireRow } from "../../store/require-row.ts";
import { isChangePending } from "../../store/subscription-changes.ts";
import { changeTerms, pauseSubscription as markPaused } from "../../store/subscriptions.ts";
import { runManagedCommand } from "../../validation/managed-command.ts";
import { SUBSCRIPTION } from "../../validation/managed-target.ts";
import { requireSubscriptionAt } from "../../validation/subscription-version.ts";

const storedResult = z.object({
  subscriptionId: SubscriptionId.schema,
  creditNoteId: CreditNoteId.schema.nullable(),
});

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `VERSION_CONFLICT`, `IDEMPOTENCY_…` */
export async function pauseSubscription(
  services: BillingServices,
  actor: Actor,
  { expectedVersion, ...input }: SubscriptionPauseInput,
): Promise<CommandOutcome<z.infer<typeof storedResult>>> {
  const terms = { expectedVersion };
  const command = { command: "subscriptionPause", target: SUBSCRIPTION, input, terms, result: storedResult };
  return runManagedCommand(services, actor, command, async (scope, { id }, here) => {
    const { tx, emit } = scope;
    const { status, accountId } = await requireSubscriptionAt(tx, id, expectedVersion);
    if (status !== "ACTIVE") throw refuse("STATE_INVALID", `A plan that is ${status} cannot be paused.`, "id");
    if (await isChangePending(tx, id)) {
      throw refuse("STATE_INVALID", "A change of this plan waits for its payment: wait for the outcome.", "id");
    }
    // What it pays for could not be credited any more.
    if (await hasOpenInvoice(tx, id)) {
      throw refuse("STATE_INVALID", "The payment of this period is under way: wait for its outcome.", "id");
    }
    const now = here.clock.now();
    const line = await findPaidLine(tx, id, now);
    const creditNote = await creditRest(here, scope, { line, accountId, reason: "PLAN_PAUSED", from: now });
    await changeTerms(tx, id, { cancelAt: null, next: null }, now);
    emit(subscriptionPaused(requireRow(await markPaused(tx, id, now))));
    return { subscriptionId: id, creditNoteId: creditNote?.id ?? null };
  });
}
