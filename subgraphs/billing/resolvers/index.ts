import { scalars } from "../../../platform/graphql/scalars.ts";
import type { Resolvers } from "../../../schema/generated/billing.ts";
import type { BillingContext, BillingParents } from "../context.ts";
import { billingAccount } from "./billing-account.ts";
import { billingSubscription } from "./billing-subscription.ts";
import { creditNote } from "./credit-note.ts";
import { dispute } from "./dispute.ts";
import { invoice } from "./invoice.ts";
import { invoiceLine } from "./invoice-line.ts";
import { mutation } from "./mutation.ts";
import { organization } from "./organization.ts";
import { payment } from "./payment.ts";
import { paymentMethod } from "./payment-method.ts";
import { plan } from "./plan.ts";
import { planChangePreview } from "./plan-change-preview.ts";
import { query } from "./query.ts";
import { refund } from "./refund.ts";
import { scheduledPlanChange } from "./scheduled-plan-change.ts";

export const resolvers: Resolvers<BillingContext, BillingParents> = {
  BigInt: scalars.BigInt,
  CurrencyCode: scalars.CurrencyCode,
  DateTime: scalars.DateTime,
  EmailAddress: scalars.EmailAddress,
  BillingAccount: billingAccount,
  BillingSubscription: billingSubscription,
  CreditNote: creditNote,
  Dispute: dispute,
  Invoice: invoice,
  InvoiceLine: invoiceLine,
  Mutation: mutation,
  Organization: organization,
  Payment: payment,
  PaymentMethod: paymentMethod,
  Plan: plan,
  PlanChangePreview: planChangePreview,
  Query: query,
  Refund: refund,
  ScheduledPlanChange: scheduledPlanChange,
};
