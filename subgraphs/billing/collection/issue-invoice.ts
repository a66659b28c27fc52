/**
 * The part that every charge shares: a numbered invoice with one line, which takes of the account's credit what it may.
 * It is paid at once where that covers it.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import { type BillingAccount, creditFor } from "../domain/account.ts";
import { billToOf } from "../domain/billing-details.ts";
import type { SubscriptionId } from "../domain/ids.ts";
import type { Invoice } from "../domain/invoice.ts";
import type { Plan } from "../domain/plan.ts";
import type { Period } from "../domain/proration.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import { invoiceIssued } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import { changeCredit } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { insertInvoice, takeNumber } from "../store/invoices.ts";

export interface NewCharge {
  /** Locked by the transaction. */
  readonly account: Pick<BillingAccount, "id" | "organizationId" | "details">;
  readonly subscriptionId: SubscriptionId;
  readonly plan: Pick<Plan, "name" | "currency" | "amountMinor">;
  readonly quantity: number;
  /** In minor units, as the next two. */
  readonly amountMinor: bigint;
  /** A part of a period is charged. */
  readonly isProrated: boolean;
  readonly period: Period;
  /** Of the account's credit; at most the amount. */
  readonly creditUsedMinor: bigint;
  readonly at: Date;
}

export async function issueInvoice(
  { ids }: Pick<BillingServices, "ids">,
  { tx, emit }: CommandScope<BillingTransaction>,
  { account, subscriptionId, plan, quantity, amountMinor, isProrated, period, creditUsedMinor, at }: NewCharge,
): Promise<Invoice> {
  const { id: accountId, organizationId } = account;
  const invoice = await insertInvoice(tx, {
    id: ids.next("inv"),
    organizationId,
    accountId,
    subscriptionId,
    number: await takeNumber(tx, organizationId, "INVOICE", at.getUTCFullYear()),
    currency: plan.currency,
    subtotalMinor: amountMinor,
    taxMinor: 0n,
    creditMinor: creditUsedMinor,
    issuedAt: at,
    dueAt: at,
    billTo: billToOf(account.details),
    line: {
      id: ids.next("lin"),
      description: plan.name,
      quantity: BigInt(quantity),
      unitAmountMinor: plan.amountMinor,
      amountMinor,
      proration: isProrated,
      periodStart: period.start,
      periodEnd: period.end,
    },
  });
  await changeCredit(tx, accountId, -creditUsedMinor, at);
  emit(invoiceIssued(invoice));
  return invoice;
}

export interface NewPeriodCharge {
  /** Locked by the transaction. */
  readonly account: BillingAccount;
  /** With the period that is charged. */
  readonly subscription: BillingSubscription;
  readonly plan: Plan;
  readonly at: Date;
}

/** Charges a whole period of a subscription. */
export function issuePeriodInvoice(
  services: Pick<BillingServices, "ids">,
  scope: CommandScope<BillingTransaction>,
  { account, subscription, plan, at }: NewPeriodCharge,
): Promise<Invoice> {
  const { id: subscriptionId, quantity, currentPeriodStart: start, currentPeriodEnd: end } = subscription;
  const amountMinor = BigInt(quantity) * plan.amountMinor;
  const creditUsedMinor = creditFor(account, amountMinor);
  const charge = { account, subscriptionId, plan, quantity, amountMinor, creditUsedMinor, at };
  return issueInvoice(services, scope, { ...charge, isProrated: false, period: { start, end } });
}
