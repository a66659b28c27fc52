/** Reads what a change of plan would cost. A preview and the change itself ask here: they agree to the minor unit. */
import { problemOfPlan } from "../collection/begin-subscription.ts";
import type { BillingAccount } from "../domain/account.ts";
import { type ChangeQuote, quoteChange } from "../domain/change-quote.ts";
import type { PaidLine } from "../domain/invoice.ts";
import type { Plan } from "../domain/plan.ts";
import type { BillingSubscription, PlanChoice } from "../domain/subscription.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findPaidLine, hasOpenInvoice } from "../store/invoices.ts";
import { findPlans } from "../store/plans.ts";
import { isChangePending } from "../store/subscription-changes.ts";

/** A preview counts for so long. */
const PREVIEW_MS = 3_600_000;

export interface ChangeQuestion {
  readonly account: BillingAccount;
  readonly subscription: BillingSubscription;
  readonly choice: PlanChoice;
  /** From when on it would count. */
  readonly at: Date;
  readonly now: Date;
}

/** What keeps a change from being made, for people. */
export interface ChangeProblem {
  readonly problem: string;
  readonly field: "id" | "planId" | "prorateAt";
}

export interface PossibleChange {
  readonly plan: Plan;
  readonly quote: ChangeQuote;
  /** Whose rest is credited. */
  readonly line: PaidLine | undefined;
}

export async function readQuote(
  tx: BillingTransaction,
  { account, subscription, choice, at, now }: ChangeQuestion,
): Promise<PossibleChange | ChangeProblem> {
  const plans = await findPlans(tx, [choice.planId, subscription.planId]);
  const plan = plans.find(({ id }) => id === choice.planId);
  const formerPlan = plans.find(({ id }) => id === subscription.planId);
  if (plan === undefined || formerPlan === undefined) return { problem: "There is no such plan.", field: "planId" };
  const problem =
    (await problemOfSubscription(tx, subscription, now)) ?? problemOfChoice(account, subscription, plan, choice);
  if (problem !== undefined) return problem;
  const line = await findPaidLine(tx, subscription.id, now);
  const earliest = line?.periodStart ?? subscription.currentPeriodStart;
  if (at > now || at < earliest || now.getTime() - at.getTime() > PREVIEW_MS) {
    return {
      problem: "A change counts from now on, or from a preview of the last hour and since the last change.",
      field: "prorateAt",
    };
  }
  const { creditMinor } = account;
  const isTrial = subscription.status === "TRIALING";
  const wanted = { subscription, formerPlan, isTrial, charged: line, plan, quantity: choice.quantity, at, creditMinor };
  return { plan, line, quote: quoteChange(wanted) };
}

async function problemOfSubscription(
  tx: BillingTransaction,
  { id, status, currentPeriodEnd }: BillingSubscription,
  now: Date,
): Promise<ChangeProblem | undefined> {
  if (status !== "ACTIVE" && status !== "TRIALING")
    return { problem: `A plan that is ${status} cannot be changed.`, field: "id" };
  if (await isChangePending(tx, id)) {
    return { problem: "A change of this plan waits for its payment: wait for the outcome.", field: "id" };
  }
  // What it paid for is credited. Until that is known, a change would have the period paid for twice.
  if (await hasOpenInvoice(tx, id)) {
    return { problem: "The payment of this period is under way: wait for its outcome.", field: "id" };
  }
  if (now >= currentPeriodEnd) return { problem: "The period has just ended: try again in a moment.", field: "id" };
  return undefined;
}

function problemOfChoice(
  account: BillingAccount,
  current: PlanChoice,
  plan: Plan,
  choice: PlanChoice,
): ChangeProblem | undefined {
  // Those who have a plan may have more or less of it, also when it is no longer offered.
  if (plan.id === current.planId) {
    if (choice.quantity !== current.quantity) return undefined;
    return { problem: "This is what the plan is for already.", field: "planId" };
  }
  const problem = problemOfPlan(plan, account);
  return problem === undefined ? undefined : { problem, field: "planId" };
}
