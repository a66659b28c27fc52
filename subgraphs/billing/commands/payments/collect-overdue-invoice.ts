/**
 * Tries again to collect an invoice that is overdue; or, when that was tried for long enough, gives it up and ends the
 * plan. Runs once for each attempt, however often and by how many it is asked for.
 */
import { runCommand } from "../../../../platform/database/command.ts";
import { causedByService } from "../../../../platform/events/service-causation.ts";
import { beginPayment } from "../../collection/begin-payment.ts";
import type { SubscriptionId } from "../../domain/ids.ts";
import type { Invoice } from "../../domain/invoice.ts";
import { subscriptionCanceled } from "../../domain-events.ts";
import { giveUp } from "../../dunning/give-up.ts";
import { scheduleRetry } from "../../dunning/schedule-retry.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { findInvoices, lockInvoice } from "../../store/invoices.ts";
import { findDefaultMethod } from "../../store/payment-methods.ts";
import { isPaymentProcessing } from "../../store/payments.ts";
import { requireRow } from "../../store/require-row.ts";
import { cancelSubscription, findSubscriptions } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";

export async function collectOverdueInvoice(
  services: BillingServices,
  { id, organizationId }: Pick<Invoice, "id" | "organizationId">,
): Promise<void> {
  const causation = causedByService("billing-dunning");
  await runCommand(services, { tenants: [organizationId], causation }, async (scope) => {
    const { tx, emit } = scope;
    const { accountId } = requireRow((await findInvoices(tx, [id])).at(0));
    const account = await lockAccount(tx, accountId);
    const invoice = await lockInvoice(tx, id);
    const { dunningEndsAt, retryAt, subscriptionId } = invoice;
    const at = inTimeOf(services, account).clock.now();
    if (dunningEndsAt === null || (retryAt ?? dunningEndsAt) > at || (await isPaymentProcessing(tx, id))) return;
    if (dunningEndsAt <= at) {
      await giveUp(scope, invoice, at);
      const ended =
        subscriptionId === null ? undefined : await cancelSubscription(tx, subscriptionId, { from: "PAST_DUE", at });
      if (ended !== undefined) emit(subscriptionCanceled(ended, "PAST_DUE"));
      return;
    }
    // Whoever has ended the plan is charged no more without being asked.
    const isWanted = account.status === "ACTIVE" && (await isPastDue(tx, subscriptionId));
    const method = isWanted ? await findDefaultMethod(tx, accountId) : undefined;
    if (method === undefined) {
      await scheduleRetry(scope, { invoice, failureCode: null, at });
      return;
    }
    await beginPayment(services, scope, { invoice, method, causation, collectedBy: "worker" });
  });
}

async function isPastDue(tx: BillingTransaction, id: SubscriptionId | null): Promise<boolean> {
  const [subscription] = id === null ? [] : await findSubscriptions(tx, [id]);
  return subscription?.status === "PAST_DUE";
}
