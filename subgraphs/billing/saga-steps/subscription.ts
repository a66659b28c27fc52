/**
 * The step `subscription`: the plan is started and its first invoice collected. How that ends is known when the payment
 * is settled (settle-payment.ts). Undone, the invoice is void and the plan canceled. A payment that went through is not
 * undone: then the organisation has what it paid for.
 */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import {
  type ExecutedStep,
  LATER,
  type SagaStepHandler,
  type StepResult,
} from "../../../platform/saga/saga-participant.ts";
import { beginSubscription, problemOfPlan } from "../collection/begin-subscription.ts";
import { SubscriptionId } from "../domain/ids.ts";
import { subscriptionCanceled } from "../domain-events.ts";
import { voidUnpaid } from "../lifecycle/void-unpaid.ts";
import { chooseMethod } from "../payment-methods/payment-source.ts";
import type { BillingServices } from "../services.ts";
import { lockAccountOf } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findInvoicesOf } from "../store/invoices.ts";
import { findPublishedPlan } from "../store/plans.ts";
import { requireRow } from "../store/require-row.ts";
import { cancelSubscription, findSubscriptions } from "../store/subscriptions.ts";
import { PLAN_CODE, requireInput } from "./step-input.ts";

const failed = (reason: string): ExecutedStep => ({ result: { outcome: "FAILED", reason } });
const STANDS: StepResult = { outcome: "FAILED", reason: "The plan is paid." };

export const subscription: SagaStepHandler<BillingServices, BillingTransaction> = {
  async execute(services, scope, { tenantId, input, causation }) {
    const { tx } = scope;
    const planCode = requireInput(input, PLAN_CODE);
    const account = requireRow(await lockAccountOf(tx, OrganizationId.require(tenantId)));
    const plan = await findPublishedPlan(tx, planCode);
    if (plan === undefined) return failed(`There is no plan ${planCode}.`);
    const problem = problemOfPlan(plan, account);
    if (problem !== undefined) return failed(problem);
    const start = { account, plan, quantity: 1, causation, collectedBy: "worker" } as const;
    const begun = await beginSubscription(services, scope, {
      ...start,
      chooseMethod: () =>
        chooseMethod(services, scope, { account, named: undefined, attached: undefined, keep: false }),
    });
    return { result: begun.pending === undefined ? { outcome: "DONE" } : LATER, reference: begun.subscription.id };
  },

  async compensate({ clock }, scope, { tenantId, reference }) {
    if (reference === null) return { outcome: "DONE" };
    const { tx, emit } = scope;
    const id = SubscriptionId.require(reference);
    // A payment is settled under the locks of account and invoice: it is before us, or finds what we decide.
    await lockAccountOf(tx, OrganizationId.require(tenantId));
    if ((await findInvoicesOf(tx, id)).some(({ status }) => status === "PAID")) return STANDS;
    if (!(await voidUnpaid(scope, id, clock.now()))) return LATER;
    const { status } = requireRow((await findSubscriptions(tx, [id])).at(0));
    // Undone before: nothing is left to end.
    if (status === "CANCELED") return { outcome: "DONE" };
    const canceled = await cancelSubscription(tx, id, { from: status, at: clock.now() });
    if (canceled !== undefined) emit(subscriptionCanceled(canceled, status));
    return { outcome: "DONE" };
  },
};
