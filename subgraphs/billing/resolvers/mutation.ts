import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { type UserError, userError } from "../../../platform/errors/user-failure.ts";
import { mutationPayload } from "../../../platform/graphql/mutation-payload.ts";
import type { ResolversOf, UsageStatus } from "../../../schema/generated/billing.ts";
import { advanceTestClock } from "../commands/accounts/advance-test-clock.ts";
import { updateAccount } from "../commands/accounts/update-account.ts";
import { attachPaymentMethod } from "../commands/payment-methods/attach-payment-method.ts";
import { chooseDefaultMethod } from "../commands/payment-methods/choose-default-method.ts";
import { detachPaymentMethod } from "../commands/payment-methods/detach-payment-method.ts";
import { payInvoice } from "../commands/payments/pay-invoice.ts";
import { refundPayment } from "../commands/payments/refund-payment.ts";
import { voidInvoice } from "../commands/payments/void-invoice.ts";
import { publishPlan } from "../commands/plans/publish-plan.ts";
import { cancelSubscription } from "../commands/subscriptions/cancel-subscription.ts";
import { changeSubscription } from "../commands/subscriptions/change-subscription.ts";
import { pauseSubscription } from "../commands/subscriptions/pause-subscription.ts";
import { resumeSubscription } from "../commands/subscriptions/resume-subscription.ts";
import { startSubscription } from "../commands/subscriptions/start-subscription.ts";
import { recordUsage } from "../commands/usage/record-usage.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import type { BillingAccount, PaymentMethod } from "../domain/account.ts";
import type { CreditNote } from "../domain/credit-note.ts";
import { type Entitlement, readEntitlement } from "../domain/entitlement.ts";
import type { Invoice } from "../domain/invoice.ts";
import type { Payment } from "../domain/payment.ts";
import type { Plan } from "../domain/plan.ts";
import type { Refund } from "../domain/refund.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import { declineReason } from "../provider/decline-reason.ts";
import { findRefunds } from "../store/refunds.ts";

interface PaymentMethodFields {
  readonly paymentMethod: PaymentMethod | null;
}

interface DetachFields {
  readonly detachedId: string | null;
}

interface AccountFields {
  readonly account: BillingAccount | null;
}

interface PayFields {
  readonly invoice: Invoice | null;
  readonly payment: Payment | null;
}

interface StartFields extends PayFields {
  readonly subscription: BillingSubscription | null;
}

interface ChangeFields extends StartFields {
  readonly creditNote: CreditNote | null;
}

interface CancelFields {
  readonly subscription: BillingSubscription | null;
  readonly creditNote: CreditNote | null;
}

interface AccountFields {
  readonly account: BillingAccount | null;
}

interface PlanFields {
  readonly plan: Plan | null;
}

interface RefundFields {
  readonly refund: Refund | null;
}

interface VoidFields {
  readonly invoiceId: string | null;
}

interface UsageFields {
  readonly entitlement: Entitlement | null;
  readonly status: UsageStatus | null;
}

/** What this request has not recorded itself is read as it is now. */
export const mutation: ResolversOf<"Mutation", BillingContext, BillingParents> = {
  paymentMethodAttach: (_root, { input }, context) =>
    mutationPayload<PaymentMethodFields>({ paymentMethod: null }, async () => {
      const outcome = await attachPaymentMethod(context.services, context.actor(), input);
      const { paymentMethodId, paymentMethod } = context.settle(outcome);
      return { paymentMethod: paymentMethod ?? (await context.loaders.paymentMethod.load(paymentMethodId)) };
    }),

  paymentMethodDetach: (_root, { input }, context) =>
    mutationPayload<DetachFields>({ detachedId: null }, async () =>
      context.settle(await detachPaymentMethod(context.services, context.actor(), input)),
    ),

  paymentMethodMakeDefault: (_root, { input }, context) =>
    mutationPayload<PaymentMethodFields>({ paymentMethod: null }, async () => {
      const outcome = await chooseDefaultMethod(context.services, context.actor(), input);
      const { paymentMethodId } = context.settle(outcome);
      return { paymentMethod: await context.loaders.paymentMethod.load(paymentMethodId) };
    }),

  billingAccountUpdate: (_root, { input }, context) =>
    mutationPayload<AccountFields>({ account: null }, async () => {
      const { accountId } = context.settle(await updateAccount(context.services, context.actor(), input));
      return { account: await context.loaders.account.load(accountId) };
    }),

  async subscriptionStart(_root, { input }, context) {
    const nothing: StartFields = { subscription: null, invoice: null, payment: null };
    const payload = await mutationPayload(nothing, async () => {
      const outcome = await startSubscription(context.services, context.actor(), input);
      const { subscriptionId, invoiceId, paymentId, settlement } = context.settle(outcome);
      if (settlement !== undefined) return settlement;
      const { loaders } = context;
      const [subscription, invoice, payment] = await Promise.all([
        loaders.subscription.load(subscriptionId),
        invoiceId === null ? null : loaders.invoice.load(invoiceId),
        paymentId === null ? null : loaders.payment.load(paymentId),
      ]);
      return { subscription, invoice, payment };
    });
    return { ...payload, userErrors: [...payload.userErrors, ...declines(payload.payment)] };
  },

  async subscriptionChange(_root, { input }, context) {
    const nothing: ChangeFields = { subscription: null, invoice: null, payment: null, creditNote: null };
    const payload = await mutationPayload(nothing, async () => {
      const outcome = await changeSubscription(context.services, context.actor(), input);
      const { subscriptionId, invoiceId, paymentId, creditNoteId } = context.settle(outcome);
      const { loaders } = context;
      const [subscription, invoice, payment, creditNote] = await Promise.all([
        loaders.subscription.load(subscriptionId),
        invoiceId === null ? null : loaders.invoice.load(invoiceId),
        paymentId === null ? null : loaders.payment.load(paymentId),
        creditNoteId === null ? null : loaders.creditNote.load(creditNoteId),
      ]);
      return { subscription, invoice, payment, creditNote };
    });
    return { ...payload, userErrors: [...payload.userErrors, ...declines(payload.payment)] };
  },

  subscriptionCancel: (_root, { input }, context) =>
    mutationPayload<CancelFields>({ subscription: null, creditNote: null }, async () => {
      const outcome = await cancelSubscription(context.services, context.actor(), input);
      const { subscriptionId, creditNoteId } = context.settle(outcome);
      const { loaders } = context;
      const [subscription, creditNote] = await Promise.all([
        loaders.subscription.load(subscriptionId),
        creditNoteId === null ? null : loaders.creditNote.load(creditNoteId),
      ]);
      return { subscription, creditNote };
    }),

  subscriptionPause: (_root, { input }, context) =>
    mutationPayload<CancelFields>({ subscription: null, creditNote: null }, async () => {
      const outcome = await pauseSubscription(context.services, context.actor(), input);
      const { subscriptionId, creditNoteId } = context.settle(outcome);
      const { loaders } = context;
      const [subscription, creditNote] = await Promise.all([
        loaders.subscription.load(subscriptionId),
        creditNoteId === null ? null : loaders.creditNote.load(creditNoteId),
      ]);
      return { subscription, creditNote };
    }),

  async subscriptionResume(_root, { input }, context) {
    const nothing: StartFields = { subscription: null, invoice: null, payment: null };
    const payload = await mutationPayload(nothing, async () => {
      const outcome = await resumeSubscription(context.services, context.actor(), input);
      const { subscriptionId, invoiceId, paymentId } = context.settle(outcome);
      const { loaders } = context;
      const [subscription, invoice, payment] = await Promise.all([
        loaders.subscription.load(subscriptionId),
        invoiceId === null ? null : loaders.invoice.load(invoiceId),
        paymentId === null ? null : loaders.payment.load(paymentId),
      ]);
      return { subscription, invoice, payment };
    });
    return { ...payload, userErrors: [...payload.userErrors, ...declines(payload.payment)] };
  },

  async invoicePay(_root, { input }, context) {
    const nothing: PayFields = { invoice: null, payment: null };
    const payload = await mutationPayload(nothing, async () => {
      const outcome = await payInvoice(context.services, context.actor(), input);
      const { invoiceId, paymentId, settlement } = context.settle(outcome);
      if (settlement !== undefined) return settlement;
      const { loaders } = context;
      const [invoice, payment] = await Promise.all([loaders.invoice.load(invoiceId), loaders.payment.load(paymentId)]);
      return { invoice, payment };
    });
    return { ...payload, userErrors: [...payload.userErrors, ...declines(payload.payment)] };
  },

  testClockAdvance: (_root, { input }, context) =>
    mutationPayload<AccountFields>({ account: null }, async () => {
      const { accountId } = context.settle(await advanceTestClock(context.services, context.actor(), input));
      return { account: await context.loaders.account.load(accountId) };
    }),

  planPublish: (_root, { input }, context) =>
    mutationPayload<PlanFields>({ plan: null }, async () => {
      const { planId } = context.settle(await publishPlan(context.services, context.actor(), input));
      return { plan: await context.loaders.plan.load(planId) };
    }),

  paymentRefund: (_root, { input }, context) =>
    mutationPayload<RefundFields>({ refund: null }, async () => {
      const { refundId } = context.settle(await refundPayment(context.services, context.actor(), input));
      // Operators belong to another organisation.
      const tenants = [OrganizationId.require(input.organizationId)];
      const [refund] = await readInTenants(context.services.database, tenants, (tx) => findRefunds(tx, [refundId]));
      return { refund: refund ?? null };
    }),

  invoiceVoid: (_root, { input }, context) =>
    mutationPayload<VoidFields>({ invoiceId: null }, async () =>
      context.settle(await voidInvoice(context.services, context.actor(), input)),
    ),
  usageRecord: (_root, { input }, context) =>
    mutationPayload<UsageFields>({ entitlement: null, status: null }, async () => {
      const outcome = await recordUsage(context.services, context.actor(), input);
      const { status, entitlement } = context.settle(outcome);
      return { status, entitlement: readEntitlement(entitlement) };
    }),
};

/** A decline changes the state, so the payload shows the new state beside the reason. */
function declines(payment: Payment | null): UserError[] {
  if (payment?.status !== "FAILED") return [];
  return [userError("PAYMENT_DECLINED", declineReason(payment.failureCode))];
}
