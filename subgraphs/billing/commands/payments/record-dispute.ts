/**
 * Records how a dispute stands, as the provider says. A lost one takes the money away: its invoice is no longer paid,
 * nothing more of it is collected, and the plan that it paid for ends.
 */
import { type CommandScope, runCommand } from "../../../../platform/database/command.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { causedByService } from "../../../../platform/events/service-causation.ts";
import type { Dispute } from "../../domain/dispute.ts";
import type { ProviderEventId } from "../../domain/ids.ts";
import type { Invoice } from "../../domain/invoice.ts";
import type { Payment } from "../../domain/payment.ts";
import { disputeChanged, invoiceUncollectible, subscriptionCanceled } from "../../domain-events.ts";
import type { DisputeState } from "../../provider/payment-provider.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { closeDispute, findDisputesOf, insertDispute } from "../../store/disputes.ts";
import { findInvoices, findPaidLine, lockInvoice, markInvoiceUncollectible } from "../../store/invoices.ts";
import { changeRefunded, findPayments } from "../../store/payments.ts";
import { requireRow } from "../../store/require-row.ts";
import { cancelSubscription } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";

export interface ToldDispute {
  /** The provider's name of it. */
  readonly providerRef: string;
  readonly state: DisputeState;
  /** What the provider told of its own accord. */
  readonly providerEventId: ProviderEventId;
}

/**
 * @returns whether something changed by it
 * @throws AppError `SERVICE_UNAVAILABLE` for the end of one whose payment is not settled: it is told again
 */
export async function recordDispute(
  services: BillingServices,
  { id: paymentId, organizationId, invoiceId }: Payment,
  told: ToldDispute,
): Promise<boolean> {
  const command = { tenants: [organizationId], causation: causedByService("payment-provider") };
  const { result } = await runCommand(services, command, async (scope) => {
    const { tx } = scope;
    const account = await lockAccount(tx, requireRow((await findInvoices(tx, [invoiceId])).at(0)).accountId);
    const here = inTimeOf(services, account);
    const invoice = await lockInvoice(tx, invoiceId);
    const payment = requireRow((await findPayments(tx, [paymentId])).at(0));
    const opened = await open(here, scope, payment, told);
    const { status } = told.state;
    if (status === "OPEN") return opened.isNew;
    if (payment.status === "PROCESSING") throw new AppError("SERVICE_UNAVAILABLE", "Its charge is not settled yet.");
    const at = here.clock.now();
    const closed = await closeDispute(tx, opened.dispute.id, { status, at });
    if (closed === undefined) return false;
    scope.emit(disputeChanged(closed, payment, { fromStatus: "OPEN", providerEventId: told.providerEventId }));
    if (status === "LOST") await takeAway(scope, { payment, invoice, lostMinor: closed.amountMinor, at });
    return true;
  });
  return result;
}

async function open(
  { ids, clock }: BillingServices,
  { tx, emit }: CommandScope<BillingTransaction>,
  payment: Payment,
  { providerRef, providerEventId, state: { reason, amountMinor } }: ToldDispute,
): Promise<{ readonly dispute: Dispute; readonly isNew: boolean }> {
  const { id: paymentId, organizationId, provider, currency } = payment;
  const known = (await findDisputesOf(tx, [paymentId])).find((one) => one.providerRef === providerRef);
  if (known !== undefined) return { dispute: known, isNew: false };
  const dispute = await insertDispute(tx, {
    ...{ id: ids.next("dsp"), organizationId, paymentId, provider, providerRef, reason, currency, amountMinor },
    ...{ status: "OPEN", openedAt: clock.now(), closedAt: null },
  });
  emit(disputeChanged(dispute, payment, { fromStatus: null, providerEventId }));
  return { dispute, isNew: true };
}

interface Loss {
  readonly payment: Payment;
  readonly invoice: Invoice;
  readonly lostMinor: bigint;
  readonly at: Date;
}

async function takeAway(scope: CommandScope<BillingTransaction>, { payment, invoice, lostMinor, at }: Loss) {
  const { tx, emit } = scope;
  const leftMinor = payment.amountMinor - payment.refundedMinor;
  await changeRefunded(tx, payment.id, lostMinor < leftMinor ? lostMinor : leftMinor, at);
  const { id, subscriptionId, status } = invoice;
  if (status !== "PAID") return;
  const paidLine = subscriptionId === null ? undefined : await findPaidLine(tx, subscriptionId, at);
  emit(invoiceUncollectible(await markInvoiceUncollectible(tx, id, { from: "PAID", at }), "PAID"));
  // What was paid for earlier is used up: the plan goes on with what pays for it now.
  if (subscriptionId === null || paidLine?.invoiceId !== id) return;
  const canceled = await cancelSubscription(tx, subscriptionId, { from: "ACTIVE", at });
  if (canceled !== undefined) emit(subscriptionCanceled(canceled, "ACTIVE"));
}
