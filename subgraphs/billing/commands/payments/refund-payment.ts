/**
 * Gives money of a payment back, which operators decide. It takes back a part of what the invoice charged, or pays out
 * the account's credit. The worker carries it out: what becomes of it is told by events.
 */
import { z } from "zod";
import type { CommandOutcome, CommandScope } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import { requireReason } from "../../../../platform/validation/reason.ts";
import type { PaymentRefundInput } from "../../../../schema/generated/billing.ts";
import { issueCreditNote } from "../../credit/issue-credit-note.ts";
import { CreditNoteId, PaymentId, RefundId } from "../../domain/ids.ts";
import { creditableOf, type Invoice } from "../../domain/invoice.ts";
import type { Payment } from "../../domain/payment.ts";
import { refundProcessing } from "../../domain-events.ts";
import type { OperatorServices } from "../../services.ts";
import { changeCredit, lockAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { findDisputesOf } from "../../store/disputes.ts";
import { findInvoices, lockInvoice } from "../../store/invoices.ts";
import { changeRefunded, findPayments } from "../../store/payments.ts";
import { insertRefund } from "../../store/refunds.ts";
import { requireRow } from "../../store/require-row.ts";
import { isChangePending } from "../../store/subscription-changes.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";
import { findOperated } from "../../validation/operated-target.ts";
import { requireAmount } from "../../validation/refund-amount.ts";

const PAYMENT = { kind: PaymentId, noun: "payment", find: findPayments };

const storedResult = z.object({ refundId: RefundId.schema, creditNoteId: CreditNoteId.schema.nullable() });

export type RequestedRefund = z.infer<typeof storedResult>;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `BLANK`, `TOO_LONG`, `STATE_INVALID`, `IDEMPOTENCY_…` */
export async function refundPayment(
  services: OperatorServices,
  { identity, causation }: Operator,
  input: PaymentRefundInput,
): Promise<CommandOutcome<RequestedRefund>> {
  const { id, organizationId, invoiceId, currency } = await findOperated(services, { identity }, PAYMENT, input);
  const key = requireIdempotencyKey(input.idempotencyKey);
  const reason = requireReason(input.reason);
  const wantedMinor = requireAmount(input.amount, currency);
  const source = input.source ?? "INVOICE";
  const terms = { id, amountMinor: wantedMinor?.toString() ?? null, source, reason };
  const command = { key, tenant: organizationId, command: "paymentRefund", input: terms, result: storedResult };
  return runIdempotentCommand(services, { ...command, causation }, async (scope) => {
    const { tx, emit } = scope;
    const { accountId } = requireRow((await findInvoices(tx, [invoiceId])).at(0));
    const account = await lockAccount(tx, accountId);
    const invoice = await lockInvoice(tx, invoiceId);
    const payment = requireRow((await findPayments(tx, [id])).at(0));
    await requireRefundable(tx, payment, invoice);
    const leftMinor = smaller(
      payment.amountMinor - payment.refundedMinor,
      source === "CREDIT" ? account.creditMinor : creditableOf(invoice),
    );
    const amountMinor = wantedMinor ?? leftMinor;
    if (leftMinor === 0n || amountMinor > leftMinor) {
      throw refuse("STATE_INVALID", `At most ${leftMinor} minor units of ${currency} can be given back.`, "amount");
    }
    const here = inTimeOf(services, account);
    const at = here.clock.now();
    const creditNoteId = source === "CREDIT" ? null : await takeBack(here, scope, { invoice, totalMinor: amountMinor });
    if (source === "CREDIT") await changeCredit(tx, accountId, -amountMinor, at);
    await changeRefunded(tx, id, amountMinor, at);
    const refund = await insertRefund(tx, {
      ...{ id: services.ids.next("ref"), organizationId, paymentId: id, creditNoteId, currency, amountMinor, reason },
      ...{ provider: payment.provider, causation, createdAt: at },
    });
    emit(refundProcessing(refund, invoice));
    return { refundId: refund.id, creditNoteId };
  });
}

const smaller = (one: bigint, other: bigint): bigint => (one < other ? one : other);

async function requireRefundable(tx: BillingTransaction, { id, status }: Payment, invoice: Invoice): Promise<void> {
  if (status !== "SUCCEEDED") {
    throw refuse("STATE_INVALID", `A payment that is ${status} collected nothing that could be given back.`, "id");
  }
  const disputes = await findDisputesOf(tx, [id]);
  if (disputes.some((dispute) => dispute.status !== "WON")) {
    throw refuse("STATE_INVALID", "Its payer asked the bank for the money: the bank gives it back, or does not.", "id");
  }
  // A change that is not paid yet may be taken back, and its credit with it.
  if (invoice.subscriptionId !== null && (await isChangePending(tx, invoice.subscriptionId))) {
    throw refuse("STATE_INVALID", "A change of this plan waits for its payment: wait for the outcome.", "id");
  }
}

async function takeBack(
  services: OperatorServices,
  scope: CommandScope<BillingTransaction>,
  { invoice, totalMinor }: { readonly invoice: Invoice; readonly totalMinor: bigint },
): Promise<CreditNoteId> {
  const { id: invoiceId, organizationId, accountId, currency } = invoice;
  const of = { organizationId, accountId, invoiceId, invoiceLineId: null, periodStart: null, periodEnd: null };
  const { id } = await issueCreditNote(services, scope, { ...of, reason: "REFUNDED", currency, totalMinor });
  return id;
}
