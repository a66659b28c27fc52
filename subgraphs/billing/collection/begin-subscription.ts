/** The part that every start of a plan shares: subscription (INCOMPLETE), invoice (OPEN) and payment (PROCESSING). */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { BillingAccount, PaymentMethod } from "../domain/account.ts";
import { endOfPeriod } from "../domain/billing-period.ts";
import type { Invoice } from "../domain/invoice.ts";
import type { Plan } from "../domain/plan.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import { invoiceIssued, subscriptionStarted } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import { insertInvoice, takeInvoiceNumber } from "../store/invoices.ts";
import { insertSubscription } from "../store/subscriptions.ts";
import { beginPayment, type PendingPayment } from "./begin-payment.ts";

export interface NewStart {
  /** Locked by the transaction. */
  readonly account: BillingAccount;
  readonly plan: Plan;
  readonly method: PaymentMethod;
  readonly quantity: number;
  readonly causation: Causation;
  /** Who asks the provider: the request, or the settlement worker at once. */
  readonly collectedBy: "request" | "worker";
}

export interface BegunSubscription {
  readonly subscription: BillingSubscription;
  readonly invoice: Invoice;
  readonly pending: PendingPayment;
}

export async function beginSubscription(
  services: BillingServices,
  scope: CommandScope<BillingTransaction>,
  { account, plan, method, quantity, causation, collectedBy }: NewStart,
): Promise<BegunSubscription> {
  const subscription = await createSubscription(services, scope, account, plan, quantity);
  const invoice = await issueInvoice(services, scope, subscription, plan);
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
  account: BillingAccount,
  plan: Plan,
  quantity: number,
): Promise<BillingSubscription> {
  const now = clock.now();
  const subscription = await insertSubscription(tx, {
    id: ids.next("sub"),
    organizationId: account.organizationId,
    accountId: account.id,
    planId: plan.id,
    quantity,
    currentPeriodStart: now,
    currentPeriodEnd: endOfPeriod(now, plan.interval),
    createdAt: now,
  });
  emit(subscriptionStarted(subscription));
  return subscription;
}

async function issueInvoice(
  { ids }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  subscription: BillingSubscription,
  plan: Plan,
): Promise<Invoice> {
  const { organizationId, accountId, currentPeriodStart: issuedAt } = subscription;
  const invoice = await insertInvoice(tx, {
    id: ids.next("inv"),
    organizationId,
    accountId,
    subscriptionId: subscription.id,
    number: await takeInvoiceNumber(tx, organizationId, issuedAt.getUTCFullYear()),
    currency: plan.currency,
    taxMinor: 0n,
    issuedAt,
    dueAt: issuedAt,
    lines: [
      {
        id: ids.next("lin"),
        description: plan.name,
        quantity: BigInt(subscription.quantity),
        unitAmountMinor: plan.amountMinor,
        periodStart: subscription.currentPeriodStart,
        periodEnd: subscription.currentPeriodEnd,
      },
    ],
  });
  emit(invoiceIssued(invoice));
  return invoice;
}
