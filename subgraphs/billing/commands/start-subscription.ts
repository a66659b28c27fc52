/**
 * Starts a plan: one transaction issues subscription (INCOMPLETE), invoice (OPEN) and payment (PROCESSING), then the provider
 * is charged, and a second transaction records the outcome. A declined card leaves the invoice open for `invoicePay`.
 */
import { z } from "zod";
import { type CommandScope, runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { causationOf, type RequestContext } from "../../../platform/graphql/request-context.ts";
import { idPrefix } from "../../../platform/ids.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";
import { constraints } from "../../../schema/constraints.ts";
import type { SubscriptionStartInput } from "../../../schema/generated/billing.ts";
import { endOfPeriod } from "../billing-period.ts";
import type { BillingServices } from "../context.ts";
import { invoiceIssued, subscriptionStarted } from "../domain-events.ts";
import { type AccountRecord, findAccounts, lockAccount } from "../store/accounts.ts";
import { type InvoiceRecord, insertInvoice, takeInvoiceNumber } from "../store/invoices.ts";
import { findPlans, type PlanRecord } from "../store/plans.ts";
import { findRunningSubscription, insertSubscription, type SubscriptionRecord } from "../store/subscriptions.ts";
import { assertIdempotencyKey, findManaged } from "./authorize.ts";
import { chooseMethod, createPayment, type PendingPayment } from "./create-payment.ts";
import { finishCollection } from "./finish-collection.ts";
import type { Settlement } from "./settle-payment.ts";

const COMMAND = "subscriptionStart";
const storedResult = z.object({ subscriptionId: z.string(), invoiceId: z.string(), paymentId: z.string() });

export interface StartedSubscription {
  readonly organizationId: string;
  readonly subscriptionId: string;
  readonly invoiceId: string;
  readonly paymentId: string;
  /** When this request recorded the outcome. */
  readonly left: (Settlement & { readonly subscription: SubscriptionRecord }) | undefined;
}

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…`; a decline is no failure of the command */
export async function startSubscription(
  services: BillingServices,
  request: RequestContext,
  input: SubscriptionStartInput,
): Promise<StartedSubscription> {
  const { accountId, planId, idempotencyKey } = input;
  const quantity = input.quantity ?? 1;
  const paymentMethodId = input.paymentMethodId ?? undefined;
  const { organizationId } = await findManaged(services, request.identity, {
    id: accountId,
    prefix: "acc",
    field: "accountId",
    noun: "billing account",
    find: findAccounts,
  });
  assertIdempotencyKey(idempotencyKey);
  const { min, max } = constraints.quantity;
  if (quantity < min || quantity > max) throw refuse("INVALID", `A quantity is from ${min} to ${max}.`, "quantity");

  const causation = causationOf(request);
  let pending: PendingPayment | undefined;
  let incomplete: SubscriptionRecord | undefined;
  const { result } = await runCommand(
    services,
    {
      tenants: [organizationId],
      causation,
      idempotency: {
        key: idempotencyKey,
        tenant: organizationId,
        command: COMMAND,
        input: { accountId, planId, quantity, paymentMethodId: paymentMethodId ?? null },
        result: storedResult,
      },
    },
    async (scope) => {
      const { tx } = scope;
      const account = await lockAccount(tx, accountId);
      const plan = await choosePlan(tx, account, planId);
      const method = await chooseMethod(tx, accountId, paymentMethodId);
      const subscription = await createSubscription(services, scope, account, plan, quantity);
      incomplete = subscription;
      const invoice = await issueInvoice(services, scope, subscription, plan);
      pending = await createPayment(services, scope, { invoice, method, causation });
      return { subscriptionId: subscription.id, invoiceId: invoice.id, paymentId: pending.payment.id };
    },
  );
  const { paymentId } = result;
  const settlement = await finishCollection(services, request, { organizationId, paymentId, pending });
  const subscription = settlement?.subscription ?? incomplete;
  const left = settlement === undefined || subscription === undefined ? undefined : { ...settlement, subscription };
  return { organizationId, ...result, left };
}

async function choosePlan(tx: BillingTransaction, account: AccountRecord, planId: string): Promise<PlanRecord> {
  const [plan] = idPrefix(planId) === "pln" ? await findPlans(tx, [planId]) : [];
  if (plan === undefined) throw refuse("NOT_FOUND", "There is no such plan.", "planId");
  if (plan.status !== "PUBLISHED") throw refuse("STATE_INVALID", "This plan is no longer offered.", "planId");
  if (plan.currency !== account.currency) {
    throw refuse("STATE_INVALID", `This plan is in ${plan.currency}, the account in ${account.currency}.`, "planId");
  }
  const running = await findRunningSubscription(tx, account.id, plan.id);
  if (running?.status === "INCOMPLETE") {
    throw refuse("STATE_INVALID", "This plan was started and waits for its payment: pay its open invoice.", "planId");
  }
  if (running !== null) throw refuse("STATE_INVALID", "This plan is running already.", "planId");
  return plan;
}

async function createSubscription(
  { ids, clock }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  account: AccountRecord,
  plan: PlanRecord,
  quantity: number,
): Promise<SubscriptionRecord> {
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
  subscription: SubscriptionRecord,
  plan: PlanRecord,
): Promise<InvoiceRecord> {
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
