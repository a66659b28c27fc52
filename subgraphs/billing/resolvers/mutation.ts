import { type UserError, userError } from "../../../platform/errors/user-failure.ts";
import { mutationPayload } from "../../../platform/graphql/mutation-payload.ts";
import type { ResolversOf } from "../../../schema/generated/billing.ts";
import { attachPaymentMethod } from "../commands/attach-payment-method.ts";
import { payInvoice } from "../commands/pay-invoice.ts";
import { startSubscription } from "../commands/start-subscription.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { leftBehind } from "../left-behind.ts";
import { declineReason } from "../provider/decline-reason.ts";
import { findPaymentMethods, type PaymentMethodRecord } from "../store/accounts.ts";
import { findInvoices, type InvoiceRecord } from "../store/invoices.ts";
import { findPayments, type PaymentRecord } from "../store/payments.ts";
import { findSubscriptions, type SubscriptionRecord } from "../store/subscriptions.ts";

interface PaymentMethodFields {
  readonly paymentMethod: PaymentMethodRecord | null;
}

interface PayFields {
  readonly invoice: InvoiceRecord | null;
  readonly payment: PaymentRecord | null;
}

interface StartFields extends PayFields {
  readonly subscription: SubscriptionRecord | null;
}

export const mutation: ResolversOf<"Mutation", BillingContext, BillingParents> = {
  paymentMethodAttach: (_root, { input }, context) =>
    mutationPayload({ paymentMethod: null }, async () => {
      const { organizationId, paymentMethodId, left } = await attachPaymentMethod(
        context.services,
        context.request,
        input,
      );
      return leftBehind<PaymentMethodFields>(context, organizationId, left, async (tx) => {
        const [paymentMethod = null] = await findPaymentMethods(tx, [paymentMethodId]);
        return { paymentMethod };
      });
    }),

  async subscriptionStart(_root, { input }, context) {
    const payload = await mutationPayload({ subscription: null, invoice: null, payment: null }, async () => {
      const started = await startSubscription(context.services, context.request, input);
      return leftBehind<StartFields>(context, started.organizationId, started.left, async (tx) => {
        const [subscription = null] = await findSubscriptions(tx, [started.subscriptionId]);
        const [invoice = null] = await findInvoices(tx, [started.invoiceId]);
        const [payment = null] = await findPayments(tx, [started.paymentId]);
        return { subscription, invoice, payment };
      });
    });
    return { ...payload, userErrors: [...payload.userErrors, ...declines(payload.payment)] };
  },

  async invoicePay(_root, { input }, context) {
    const payload = await mutationPayload({ invoice: null, payment: null }, async () => {
      const paid = await payInvoice(context.services, context.request, input);
      return leftBehind<PayFields>(context, paid.organizationId, paid.left, async (tx) => {
        const [invoice = null] = await findInvoices(tx, [paid.invoiceId]);
        const [payment = null] = await findPayments(tx, [paid.paymentId]);
        return { invoice, payment };
      });
    });
    return { ...payload, userErrors: [...payload.userErrors, ...declines(payload.payment)] };
  },
};

/** A decline changes the state, so the payload shows the new state beside the reason. */
function declines(payment: PaymentRecord | null): UserError[] {
  if (payment?.status !== "FAILED") return [];
  return [userError("PAYMENT_DECLINED", declineReason(payment.failureCode))];
}
