/**
 * Takes back what was arranged for the end of the period, an end or another plan. Or lets a plan go on that is paused:
 * a period begins now and is collected, and a declined card leaves it paused.
 */
import { z } from "zod";
import type { CommandOutcome, CommandScope } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Causation } from "../../../../platform/events/envelope.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import type { SubscriptionResumeInput } from "../../../../schema/generated/billing.ts";
import { beginPayment, type PendingPayment } from "../../collection/begin-payment.ts";
import { finishCollection } from "../../collection/finish-collection.ts";
import { issuePeriodInvoice } from "../../collection/issue-invoice.ts";
import type { BillingAccount } from "../../domain/account.ts";
import { endOfPeriod } from "../../domain/billing-period.ts";
import { InvoiceId, PaymentId, SubscriptionId } from "../../domain/ids.ts";
import type { BillingSubscription } from "../../domain/subscription.ts";
import { subscriptionResumed } from "../../domain-events.ts";
import { requireOpen } from "../../errors.ts";
import { applyChange } from "../../lifecycle/pending-change.ts";
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
import { findPlans } from "../../store/plans.ts";
import { requireRow } from "../../store/require-row.ts";
import { insertChange, isChangePending } from "../../store/subscription-changes.ts";
import { changeTerms } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";
import { findManaged, SUBSCRIPTION } from "../../validation/managed-target.ts";
import { requireSubscriptionAt } from "../../validation/subscription-version.ts";

const storedResult = z.object({
  subscriptionId: SubscriptionId.schema,
  /** Of the period that begins now; null: nothing had to be charged. */
  invoiceId: InvoiceId.schema.nullable().default(null),
  paymentId: PaymentId.schema.nullable().default(null),
});

export type ResumedSubscription = z.infer<typeof storedResult>;

/**
 * A decline is no failure of the command.
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `VERSION_CONFLICT`, `IDEMPOTENCY_…`
 */
export async function resumeSubscription(
  services: BillingServices,
  { identity, causation }: Actor,
  { id: idText, expectedVersion, idempotencyKey, ...input }: SubscriptionResumeInput,
): Promise<CommandOutcome<ResumedSubscription>> {
  const { id, organizationId, accountId } = await findManaged(services, identity, SUBSCRIPTION, idText, "id");
  requireIdempotencyKey(idempotencyKey);
  const source = requireSource(input);
  const attached = await attachNewCard(services, { organizationId, accountId, idempotencyKey }, source);
  let pending: PendingPayment | undefined;
  const command = {
    key: idempotencyKey,
    tenant: organizationId,
    command: "subscriptionResume",
    input: { id, expectedVersion, ...source },
    result: storedResult,
    causation,
  };
  const { result, replayed } = await runIdempotentCommand(services, command, async (scope) => {
    const account = await lockAccount(scope.tx, accountId);
    const here = inTimeOf(services, account);
    const named = await requireNamed(scope.tx, account, source);
    const subscription = await requireSubscriptionAt(scope.tx, id, expectedVersion);
    if (subscription.status === "PAUSED") {
      requireOpen(account, "id");
      const choice = { account, named, attached, keep: source.keep };
      const begun = await goOn(here, scope, { subscription, choice, causation });
      pending = begun.pending;
      return begun.result;
    }
    if (attached !== undefined || named !== undefined) {
      throw refuse("INVALID", "Nothing is collected for a plan that is not paused.", "providerToken");
    }
    return takeBack(here, scope, subscription);
  });
  const { paymentId } = result;
  if (paymentId !== null) await finishCollection(services, causation, { organizationId, paymentId, pending });
  return { result, replayed };
}

async function takeBack(
  { clock }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  { id, status, cancelAt, next }: BillingSubscription,
): Promise<ResumedSubscription> {
  if (status === "CANCELED") throw refuse("STATE_INVALID", "This plan has ended: start it again.", "id");
  if (cancelAt === null && next === null) throw refuse("STATE_INVALID", "This plan goes on as it is.", "id");
  emit(subscriptionResumed(await changeTerms(tx, id, { cancelAt: null, next: null }, clock.now())));
  return { subscriptionId: id, invoiceId: null, paymentId: null };
}

interface Resumption {
  readonly subscription: BillingSubscription;
  readonly choice: Choice & { readonly account: BillingAccount };
  readonly causation: Causation;
}

async function goOn(
  services: BillingServices,
  scope: CommandScope<BillingTransaction>,
  { subscription, choice, causation }: Resumption,
): Promise<{ readonly result: ResumedSubscription; readonly pending: PendingPayment | undefined }> {
  const { tx } = scope;
  const { id: subscriptionId, organizationId, planId, quantity } = subscription;
  if (await isChangePending(tx, subscriptionId)) {
    throw refuse("STATE_INVALID", "It is being resumed, and waits for its payment: wait for the outcome.", "id");
  }
  const plan = requireRow((await findPlans(tx, [planId])).at(0));
  const now = services.clock.now();
  const period = { periodStart: now, periodEnd: endOfPeriod(now, plan.interval) };
  const due = { ...subscription, currentPeriodStart: period.periodStart, currentPeriodEnd: period.periodEnd };
  const { account } = choice;
  const invoice = await issuePeriodInvoice(services, scope, { account, subscription: due, plan, at: now });
  const terms = { planId, quantity, ...period, anchoredAt: now, invoiceId: invoice.id, creditNoteId: null };
  const isPaid = invoice.status === "PAID";
  await insertChange(tx, {
    ...{ ...terms, organizationId, subscriptionId, id: services.ids.next("chg"), createdAt: now },
    status: isPaid ? "APPLIED" : "PENDING",
  });
  const result = { subscriptionId, invoiceId: invoice.id };
  if (isPaid) {
    await applyChange(scope, subscription, terms, now);
    return { result: { ...result, paymentId: null }, pending: undefined };
  }
  const method = await chooseMethod(services, scope, choice);
  const pending = await beginPayment(services, scope, { invoice, method, causation });
  return { result: { ...result, paymentId: pending.payment.id }, pending };
}
