/**
 * Brings a subscription forward whose period is over: into the next one, which is charged, or to its end. Also ends one
 * of several plans of an account from before there was one each. Runs once for each period, however often and by how
 * many it is asked for. What a payment decides first stays as it is, and is due again when that is settled.
 */
import { type CommandScope, runCommand } from "../../../../platform/database/command.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { Causation } from "../../../../platform/events/envelope.ts";
import { causedByService } from "../../../../platform/events/service-causation.ts";
import { beginPayment } from "../../collection/begin-payment.ts";
import { issuePeriodInvoice } from "../../collection/issue-invoice.ts";
import { creditRest } from "../../credit/credit-rest.ts";
import type { BillingAccount } from "../../domain/account.ts";
import { endOfNextPeriod, endOfPeriod } from "../../domain/billing-period.ts";
import type { BillingSubscription } from "../../domain/subscription.ts";
import {
  subscriptionActivated,
  subscriptionCanceled,
  subscriptionPastDue,
  subscriptionRenewed,
} from "../../domain-events.ts";
import { giveUpUnpaid } from "../../dunning/give-up.ts";
import { scheduleRetry } from "../../dunning/schedule-retry.ts";
import { voidUnpaid } from "../../lifecycle/void-unpaid.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { findPaidLine } from "../../store/invoices.ts";
import { findDefaultMethod } from "../../store/payment-methods.ts";
import { findPlans } from "../../store/plans.ts";
import { requireRow } from "../../store/require-row.ts";
import { isChangePending } from "../../store/subscription-changes.ts";
import {
  activateSubscription,
  cancelSubscription,
  changeTerms,
  findSubscriptions,
  markPastDue,
} from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";

type Due = Pick<BillingSubscription, "id" | "organizationId">;

/** @throws AppError `STATE_INVALID` while its first payment is under way */
export async function advanceSubscription(services: BillingServices, { id, organizationId }: Due): Promise<void> {
  const causation = causedByService("billing-periods");
  await runCommand(services, { tenants: [organizationId], causation }, async (scope) => {
    const { tx } = scope;
    const { accountId } = requireRow((await findSubscriptions(tx, [id])).at(0));
    const account = await lockAccount(tx, accountId);
    const subscription = requireRow((await findSubscriptions(tx, [id])).at(0));
    const here = inTimeOf(services, account);
    const now = here.clock.now();
    const { status, surplus, cancelAt, currentPeriodEnd } = subscription;
    if (status === "CANCELED" || status === "PAUSED" || (!surplus && currentPeriodEnd > now)) return;
    // A payment that is under way decides first.
    if (await isChangePending(tx, id)) return;
    if (status === "INCOMPLETE") {
      if (!(await voidUnpaid(scope, id, now))) throw new AppError("STATE_INVALID", "Its first payment is under way.");
      return end(here, scope, subscription);
    }
    if (surplus) {
      const line = await findPaidLine(tx, id, now);
      await creditRest(here, scope, { line, accountId, reason: "PLAN_CANCELED", from: now });
    }
    // Whoever gave no card wanted to try it, and no more.
    const isTriedOnly = status === "TRIALING" && (await findDefaultMethod(tx, accountId)) === undefined;
    if (isTriedOnly) return end(here, scope, subscription);
    // Nobody gets a second period without having paid for the first.
    if (status === "PAST_DUE" && !(await giveUpUnpaid(scope, id, now))) return;
    if (surplus || cancelAt !== null || status === "PAST_DUE") return end(here, scope, subscription);
    await renew(here, scope, { account, former: subscription, causation });
  });
}

async function end(
  { clock }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  { id, status }: BillingSubscription,
): Promise<void> {
  const canceled = await cancelSubscription(tx, id, { from: status, at: clock.now() });
  if (canceled !== undefined) emit(subscriptionCanceled(canceled, status));
}

interface Renewal {
  readonly account: BillingAccount;
  readonly former: BillingSubscription;
  readonly causation: Causation;
}

async function renew(
  services: BillingServices,
  scope: CommandScope<BillingTransaction>,
  { account, former, causation }: Renewal,
): Promise<void> {
  const { tx, emit } = scope;
  const { planId, quantity } = former.next ?? former;
  const plans = await findPlans(tx, [planId, former.planId]);
  const plan = requireRow(plans.find(({ id }) => id === planId));
  const formerPlan = requireRow(plans.find(({ id }) => id === former.planId));
  const now = services.clock.now();
  const start = former.currentPeriodEnd;
  // A trial ends on its own day, and the first period begins there.
  const isSameLength = former.status !== "TRIALING" && plan.interval === formerPlan.interval;
  const end = isSameLength
    ? endOfNextPeriod(former.anchoredAt, start, plan.interval)
    : endOfPeriod(start, plan.interval);
  const terms = { planId, quantity, currentPeriodStart: start, currentPeriodEnd: end, next: null };
  const anchor = isSameLength ? {} : { anchoredAt: start };
  const changed = await changeTerms(tx, former.id, { ...terms, ...anchor }, now);
  const subscription = former.status === "TRIALING" ? await endTrial(scope, changed, now) : changed;
  const invoice = await issuePeriodInvoice(services, scope, { account, subscription, plan, at: now });
  emit(subscriptionRenewed(subscription, invoice.id));
  if (invoice.status === "PAID") return;
  const method = await findDefaultMethod(tx, account.id);
  if (method !== undefined) {
    await beginPayment(services, scope, { invoice, method, causation, collectedBy: "worker" });
    return;
  }
  const late = await markPastDue(tx, subscription.id, now);
  if (late !== undefined) emit(subscriptionPastDue(late, invoice.id));
  await scheduleRetry(scope, { invoice, failureCode: null, at: now });
}

async function endTrial(
  { tx, emit }: CommandScope<BillingTransaction>,
  { id }: BillingSubscription,
  at: Date,
): Promise<BillingSubscription> {
  const active = requireRow(await activateSubscription(tx, id, { from: "TRIALING", at }));
  emit(subscriptionActivated(active, "TRIALING"));
  return active;
}
