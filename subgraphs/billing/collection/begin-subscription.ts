/**
 * The part that every start of a plan shares: subscription (INCOMPLETE), invoice (OPEN) and payment (PROCESSING). Where
 * the account's credit covers the invoice, the subscription is ACTIVE at once and there is no payment. An account's
 * first plan may begin with a trial: then there is no invoice either.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { BillingAccount, PaymentMethod } from "../domain/account.ts";
import { endOfPeriod } from "../domain/billing-period.ts";
import type { Invoice } from "../domain/invoice.ts";
import type { Plan } from "../domain/plan.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import { subscriptionActivated, subscriptionStarted } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import { changeAccountStatus } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { requireRow } from "../store/require-row.ts";
import { activateSubscription, hadTrial, insertSubscription } from "../store/subscriptions.ts";
import { beginPayment, type PendingPayment } from "./begin-payment.ts";
import { issuePeriodInvoice } from "./issue-invoice.ts";

const DAY_MS = 86_400_000;

export interface NewStart {
  /** Locked by the transaction. */
  readonly account: BillingAccount;
  readonly plan: Plan;
  /** Asked for where something is to be collected. */
  readonly chooseMethod: () => Promise<PaymentMethod>;
  readonly quantity: number;
  readonly causation: Causation;
  /** Who asks the provider: the request, or the settlement worker at once. */
  readonly collectedBy: "request" | "worker";
}

export interface BegunSubscription {
  readonly subscription: BillingSubscription;
  /** Undefined: it begins with a trial. */
  readonly invoice: Invoice | undefined;
  /** Undefined: credit covers it, or there is none. */
  readonly pending: PendingPayment | undefined;
}

export async function beginSubscription(
  services: BillingServices,
  scope: CommandScope<BillingTransaction>,
  { account, plan, chooseMethod, quantity, causation, collectedBy }: NewStart,
): Promise<BegunSubscription> {
  const { tx, emit } = scope;
  const trialDays = (await hadTrial(tx, account.id)) ? 0 : plan.trialDays;
  const subscription = await createSubscription(services, scope, { account, plan, quantity, trialDays });
  const { currentPeriodStart: start } = subscription;
  if (trialDays > 0) {
    // Set up together with the plan: it is there to work with at once.
    await changeAccountStatus(tx, account.id, { from: ["PENDING"], to: "ACTIVE", at: start });
    return { subscription, invoice: undefined, pending: undefined };
  }
  const invoice = await issuePeriodInvoice(services, scope, { account, subscription, plan, at: start });
  if (invoice.status === "PAID") {
    const active = requireRow(await activateSubscription(tx, subscription.id, { from: "INCOMPLETE", at: start }));
    emit(subscriptionActivated(active, "INCOMPLETE"));
    return { subscription: active, invoice, pending: undefined };
  }
  const method = await chooseMethod();
  const pending = await beginPayment(services, scope, { invoice, method, causation, collectedBy });
  return { subscription, invoice, pending };
}

/** @returns why the plan cannot be started, for people; undefined when it can */
export function problemOfPlan(
  { status, currency }: Plan,
  account: Pick<BillingAccount, "currency">,
): string | undefined {
  if (status !== "PUBLISHED") return "This plan is no longer offered.";
  if (currency !== account.currency) return `This plan is in ${currency}, the account in ${account.currency}.`;
  return undefined;
}

async function createSubscription(
  { ids, clock }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  {
    account,
    plan,
    quantity,
    trialDays,
  }: Pick<NewStart, "account" | "plan" | "quantity"> & { readonly trialDays: number },
): Promise<BillingSubscription> {
  const now = clock.now();
  const trialEndsAt = trialDays === 0 ? null : new Date(now.getTime() + trialDays * DAY_MS);
  const subscription = await insertSubscription(tx, {
    id: ids.next("sub"),
    organizationId: account.organizationId,
    accountId: account.id,
    planId: plan.id,
    quantity,
    currentPeriodStart: now,
    currentPeriodEnd: trialEndsAt ?? endOfPeriod(now, plan.interval),
    anchoredAt: now,
    trialEndsAt,
    createdAt: now,
  });
  emit(subscriptionStarted(subscription));
  return subscription;
}
