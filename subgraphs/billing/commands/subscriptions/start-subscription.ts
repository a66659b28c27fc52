/**
 * Starts a plan: one transaction issues subscription (INCOMPLETE), invoice (OPEN) and payment (PROCESSING), then the
 * provider is charged, and a second transaction records the outcome. A declined card leaves the invoice open for
 * `invoicePay`.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import type { SubscriptionStartInput } from "../../../../schema/generated/billing.ts";
import type { PendingPayment } from "../../collection/begin-payment.ts";
import { beginSubscription, problemOfPlan } from "../../collection/begin-subscription.ts";
import { finishCollection } from "../../collection/finish-collection.ts";
import type { BillingAccount } from "../../domain/account.ts";
import { InvoiceId, PaymentId, PlanId, SubscriptionId } from "../../domain/ids.ts";
import type { Plan } from "../../domain/plan.ts";
import type { BillingSubscription } from "../../domain/subscription.ts";
import { requireOpen } from "../../errors.ts";
import { keepMethod } from "../../payment-methods/keep-method.ts";
import { attachNewCard, chooseMethod, requireNamed, requireSource } from "../../payment-methods/payment-source.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { findPlans } from "../../store/plans.ts";
import { findRunningSubscription } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";
import { ACCOUNT, findManaged } from "../../validation/managed-target.ts";
import { requireQuantity } from "../../validation/quantity.ts";
import type { Settlement } from "../payments/settle-payment.ts";

const storedResult = z.object({
  subscriptionId: SubscriptionId.schema,
  invoiceId: InvoiceId.schema.nullable(),
  paymentId: PaymentId.schema.nullable(),
});

export interface StartedSubscription {
  readonly subscriptionId: SubscriptionId;
  /** Null: it begins with a trial. */
  readonly invoiceId: InvoiceId | null;
  /** Null: credit covers the invoice, or there is none. */
  readonly paymentId: PaymentId | null;
  /** As this request recorded the outcome; undefined when another request does. */
  readonly settlement: (Settlement & { readonly subscription: BillingSubscription }) | undefined;
}

/**
 * A decline is no failure of the command.
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…`
 */
export async function startSubscription(
  services: BillingServices,
  { identity, causation }: Actor,
  { accountId: accountText, idempotencyKey, ...input }: SubscriptionStartInput,
): Promise<CommandOutcome<StartedSubscription>> {
  const { id: accountId, organizationId } = await findManaged(services, identity, ACCOUNT, accountText, "accountId");
  requireIdempotencyKey(idempotencyKey);
  const quantity = input.quantity == null ? 1 : requireQuantity(input.quantity);
  const planId = PlanId.from(input.planId);
  if (planId === undefined) throw notFound("plan", "planId");
  const source = requireSource(input);
  const attached = await attachNewCard(services, { organizationId, accountId, idempotencyKey }, source);

  let pending: PendingPayment | undefined;
  let incomplete: BillingSubscription | undefined;
  const command = {
    key: idempotencyKey,
    tenant: organizationId,
    command: "subscriptionStart",
    input: { accountId, planId, quantity, ...source },
    result: storedResult,
    causation,
  };
  const { result, replayed } = await runIdempotentCommand(services, command, async (scope) => {
    const { tx } = scope;
    const account = await lockAccount(tx, accountId);
    requireOpen(account, "accountId");
    const named = await requireNamed(tx, account, source);
    const plan = await choosePlan(tx, account, planId);
    const start = { account, plan, quantity, causation, collectedBy: "request" } as const;
    const begun = await beginSubscription(inTimeOf(services, account), scope, {
      ...start,
      chooseMethod: () => chooseMethod(services, scope, { account, named, attached, keep: source.keep }),
    });
    const { subscription, invoice } = begun;
    incomplete = subscription;
    pending = begun.pending;
    if (invoice === undefined && attached !== undefined) {
      // It is kept for the end of the trial.
      await keepMethod(services, scope, { account, attached, makeDefault: true });
    }
    return {
      subscriptionId: subscription.id,
      invoiceId: invoice?.id ?? null,
      paymentId: pending?.payment.id ?? null,
    };
  });
  const { paymentId } = result;
  if (paymentId === null) return { result: { ...result, settlement: undefined }, replayed };
  const settled = await finishCollection(services, causation, { organizationId, paymentId, pending });
  const subscription = settled?.subscription ?? incomplete;
  const settlement = settled === undefined || subscription === undefined ? undefined : { ...settled, subscription };
  return { result: { ...result, settlement }, replayed };
}

async function choosePlan(tx: BillingTransaction, account: BillingAccount, planId: PlanId): Promise<Plan> {
  const [plan] = await findPlans(tx, [planId]);
  if (plan === undefined) throw notFound("plan", "planId");
  const problem = problemOfPlan(plan, account);
  if (problem !== undefined) throw refuse("STATE_INVALID", problem, "planId");
  const running = await findRunningSubscription(tx, account.id);
  if (running?.status === "INCOMPLETE") {
    const way = running.planId === plan.id ? "pay its open invoice" : "pay its open invoice, or cancel it first";
    throw refuse("STATE_INVALID", `A plan was started and waits for its payment: ${way}.`, "planId");
  }
  if (running?.status === "PAUSED") {
    throw refuse("STATE_INVALID", "A plan is paused: resume it, or cancel it first.", "planId");
  }
  if (running?.planId === plan.id) throw refuse("STATE_INVALID", "This plan is running already.", "planId");
  if (running !== undefined) {
    throw refuse("STATE_INVALID", "Another plan is running: choose this one by changing it.", "planId");
  }
  return plan;
}
