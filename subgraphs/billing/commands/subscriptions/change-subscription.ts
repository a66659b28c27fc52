/**
 * Chooses another plan, or quantity. At once: what is left of the paid period is credited, the new choice is charged
 * from now on, and the subscription is changed when that is paid; a decline leaves everything as it was. Or from the
 * next period on, which costs nothing now.
 */
import { z } from "zod";
import type { CommandOutcome, CommandScope } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Causation } from "../../../../platform/events/envelope.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import type { SubscriptionChangeInput } from "../../../../schema/generated/billing.ts";
import { beginPayment, type PendingPayment } from "../../collection/begin-payment.ts";
import { finishCollection } from "../../collection/finish-collection.ts";
import { issueInvoice } from "../../collection/issue-invoice.ts";
import { creditRest } from "../../credit/credit-rest.ts";
import { CreditNoteId, InvoiceId, PaymentId, PlanId, SubscriptionId } from "../../domain/ids.ts";
import type { BillingSubscription, PlanChoice } from "../../domain/subscription.ts";
import { subscriptionScheduled } from "../../domain-events.ts";
import { requireOpen } from "../../errors.ts";
import { applyChange } from "../../lifecycle/pending-change.ts";
import { readQuote } from "../../lifecycle/read-quote.ts";
import {
  attachNewCard,
  type Choice,
  chooseMethod,
  requireNamed,
  requireSource,
} from "../../payment-methods/payment-source.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { insertChange } from "../../store/subscription-changes.ts";
import { changeTerms } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";
import { findManaged, SUBSCRIPTION } from "../../validation/managed-target.ts";
import { requireQuantity } from "../../validation/quantity.ts";
import { requireSubscriptionAt } from "../../validation/subscription-version.ts";

const storedResult = z.object({
  subscriptionId: SubscriptionId.schema,
  invoiceId: InvoiceId.schema.nullable(),
  paymentId: PaymentId.schema.nullable(),
  creditNoteId: CreditNoteId.schema.nullable(),
});

export type ChangedSubscription = z.infer<typeof storedResult>;

/**
 * A decline is no failure of the command.
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `VERSION_CONFLICT`, `IDEMPOTENCY_…`
 */
export async function changeSubscription(
  services: BillingServices,
  { identity, causation }: Actor,
  { idempotencyKey, expectedVersion, when, prorateAt, ...input }: SubscriptionChangeInput,
): Promise<CommandOutcome<ChangedSubscription>> {
  const found = await findManaged(services, identity, SUBSCRIPTION, input.id, "id");
  const { id, organizationId, accountId } = found;
  requireIdempotencyKey(idempotencyKey);
  const quantity = input.quantity == null ? undefined : requireQuantity(input.quantity);
  const planId = input.planId == null ? undefined : PlanId.from(input.planId);
  if (input.planId != null && planId === undefined) throw notFound("plan", "planId");
  const source = requireSource(input);
  const attached = await attachNewCard(services, { organizationId, accountId, idempotencyKey }, source);

  let pending: PendingPayment | undefined;
  const moment = { when, prorateAt: prorateAt?.toISOString() ?? null };
  const wanted = { planId: planId ?? null, quantity: quantity ?? null, ...source };
  const command = {
    key: idempotencyKey,
    tenant: organizationId,
    command: "subscriptionChange",
    input: { id, expectedVersion, ...wanted, ...moment },
    result: storedResult,
    causation,
  };
  const { result, replayed } = await runIdempotentCommand(services, command, async (scope) => {
    const account = await lockAccount(scope.tx, accountId);
    const here = inTimeOf(services, account);
    requireOpen(account, "id");
    const named = await requireNamed(scope.tx, account, source);
    const subscription = await requireSubscriptionAt(scope.tx, id, expectedVersion);
    const choice = { planId: planId ?? subscription.planId, quantity: quantity ?? subscription.quantity };
    const change = { account, subscription, choice, prorateAt, causation, ...{ named, attached, keep: source.keep } };
    if (when === "PERIOD_END" && attached !== undefined) {
      throw refuse("INVALID", "Nothing is collected before the period ends: attach the card instead.", "providerToken");
    }
    if (when === "PERIOD_END") return scheduleChange(here, scope, change);
    const begun = await beginChange(here, scope, change);
    pending = begun.pending;
    return begun.result;
  });
  const { paymentId } = result;
  if (paymentId !== null) await finishCollection(services, causation, { organizationId, paymentId, pending });
  return { result, replayed };
}

interface Change extends Choice {
  readonly subscription: BillingSubscription;
  readonly choice: PlanChoice;
  readonly prorateAt: Date | null | undefined;
  readonly causation: Causation;
}

async function requireQuote(tx: BillingTransaction, { account, subscription, choice }: Change, at: Date, now: Date) {
  const answer = await readQuote(tx, { account, subscription, choice, at, now });
  if ("problem" in answer) throw refuse("STATE_INVALID", answer.problem, answer.field);
  return answer;
}

async function scheduleChange(
  { clock }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  change: Change,
): Promise<z.infer<typeof storedResult>> {
  const now = clock.now();
  await requireQuote(tx, change, now, now);
  const { subscription, choice } = change;
  emit(subscriptionScheduled(await changeTerms(tx, subscription.id, { next: choice, cancelAt: null }, now)));
  return { subscriptionId: subscription.id, invoiceId: null, paymentId: null, creditNoteId: null };
}

async function beginChange(services: BillingServices, scope: CommandScope<BillingTransaction>, change: Change) {
  const { tx } = scope;
  const { ids, clock } = services;
  const { account, subscription, choice, prorateAt, causation } = change;
  const { id: subscriptionId, organizationId, accountId } = subscription;
  const now = clock.now();
  const { plan, quote, line } = await requireQuote(tx, change, prorateAt ?? now, now);
  const { period, isProrated, anchoredAt } = quote;
  if (subscription.status === "TRIALING") {
    const terms = { ...choice, anchoredAt, periodStart: period.start, periodEnd: period.end };
    await applyChange(scope, subscription, { ...terms, invoiceId: null, creditNoteId: null }, now);
    const nothing = { invoiceId: null, paymentId: null, creditNoteId: null };
    return { result: { subscriptionId, ...nothing }, pending: undefined };
  }
  const creditNote = await creditRest(services, scope, { line, accountId, reason: "PLAN_CHANGED", from: quote.at });
  const invoice = await issueInvoice(services, scope, {
    ...{ account, subscriptionId, plan, quantity: choice.quantity, isProrated, period },
    amountMinor: quote.chargedMinor,
    creditUsedMinor: quote.creditUsedMinor,
    at: now,
  });
  const terms = {
    ...{ organizationId, subscriptionId, ...choice, anchoredAt },
    invoiceId: invoice.id,
    creditNoteId: creditNote?.id ?? null,
    periodStart: period.start,
    periodEnd: period.end,
  };
  const result = { subscriptionId, invoiceId: invoice.id, creditNoteId: terms.creditNoteId };
  const isPaid = invoice.status === "PAID";
  const status = isPaid ? "APPLIED" : "PENDING";
  await insertChange(tx, { ...terms, id: ids.next("chg"), status, createdAt: now });
  if (isPaid) {
    await applyChange(scope, subscription, terms, now);
    return { result: { ...result, paymentId: null }, pending: undefined };
  }
  const method = await chooseMethod(services, scope, change);
  const pending = await beginPayment(services, scope, { invoice, method, causation });
  return { result: { ...result, paymentId: pending.payment.id }, pending };
}
