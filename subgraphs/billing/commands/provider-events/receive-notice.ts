/**
 * Takes what the payment provider tells of its own accord. It may be told several times, late and in any order: what it
 * is about is asked of the provider then, so whatever comes last, the state is the newest one. Each notice is kept and
 * published once.
 */
import { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { runCommand } from "../../../../platform/database/command.ts";
import { inTenants, readInTenants } from "../../../../platform/database/tenant-transaction.ts";
import { causedByService } from "../../../../platform/events/service-causation.ts";
import { collectPayment } from "../../collection/collect-payment.ts";
import { PaymentId, type ProviderEventId, RefundId } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import type { Refund } from "../../domain/refund.ts";
import { providerEventReceived } from "../../domain-events.ts";
import type { NoticeSubject, ProviderNotice } from "../../provider/payment-provider.ts";
import { carryOutRefund } from "../../refunds/carry-out-refund.ts";
import type { BillingServices } from "../../services.ts";
import { findPayments } from "../../store/payments.ts";
import { findToldEvent, finishProviderEvent, insertProviderEvent } from "../../store/provider-events.ts";
import { findRefunds } from "../../store/refunds.ts";
import { recordDispute } from "../payments/record-dispute.ts";

/** What the audit log calls the provider. */
const PROVIDER = "payment-provider";

/** Rejects when it could not be taken: the provider tells it again. */
export async function receiveNotice(services: BillingServices, notice: ProviderNotice): Promise<void> {
  const { about } = notice;
  const subject = about === undefined ? undefined : await subjectOf(services, about);
  if (about === undefined || subject === undefined) return keepForeign(services, notice);
  const { payment } = subject;
  const kept = await keep(services, notice, payment);
  // Told before, and looked at to its end.
  if (kept?.outcome !== "RECEIVED") return;
  const outcome = (await apply(services, about, subject, kept.id)) ? "APPLIED" : "UNCHANGED";
  const command = { tenants: [payment.organizationId], causation: causedByService(PROVIDER) };
  await runCommand(services, command, async ({ tx, emit }) => {
    const finished = await finishProviderEvent(tx, kept.id, { outcome, at: services.clock.now() });
    if (finished !== undefined) emit(providerEventReceived(finished, payment));
  });
}

interface Subject {
  readonly payment: Payment;
  /** Where the notice is about one. */
  readonly refund: Refund | undefined;
}

/** @returns undefined for nothing of ours */
async function subjectOf({ database }: BillingServices, about: NoticeSubject): Promise<Subject | undefined> {
  const organizationId = OrganizationId.from(about.organizationId);
  if (organizationId === undefined) return undefined;
  return readInTenants(database, [organizationId], async (tx) => {
    const refundId = about.kind === "REFUND" ? RefundId.from(about.key) : undefined;
    const [refund] = refundId === undefined ? [] : await findRefunds(tx, [refundId]);
    const paymentId = about.kind === "REFUND" ? refund?.paymentId : PaymentId.from(about.key);
    const [payment] = paymentId === undefined ? [] : await findPayments(tx, [paymentId]);
    return payment === undefined ? undefined : { payment, refund };
  });
}

/** @returns undefined when another organisation was told it */
function keep(
  { database, ids, clock, provider }: BillingServices,
  { id: providerRef, type }: ProviderNotice,
  { id: paymentId, organizationId }: Payment,
): Promise<ProviderEvent | undefined> {
  const told = { provider: provider.name, providerRef };
  return inTenants(database, [organizationId], async (tx) => {
    await insertProviderEvent(tx, {
      ...{ id: ids.next("pev"), ...told, type, organizationId, paymentId },
      ...{ outcome: "RECEIVED", receivedAt: clock.now(), processedAt: null },
    });
    return findToldEvent(tx, told);
  });
}

async function keepForeign(
  { database, ids, clock, provider }: BillingServices,
  { id: providerRef, type }: ProviderNotice,
): Promise<void> {
  const at = clock.now();
  await inTenants(database, [], (tx) =>
    insertProviderEvent(tx, {
      ...{ id: ids.next("pev"), provider: provider.name, providerRef, type, organizationId: null, paymentId: null },
      ...{ outcome: "FOREIGN", receivedAt: at, processedAt: at },
    }),
  );
}

/** @returns whether something changed by it */
async function apply(
  services: BillingServices,
  { kind, providerRef }: NoticeSubject,
  { payment, refund }: Subject,
  providerEventId: ProviderEventId,
): Promise<boolean> {
  if (kind === "DISPUTE") {
    return recordDispute(services, payment, {
      providerRef,
      state: await services.provider.retrieveDispute(providerRef),
      providerEventId,
    });
  }
  // The answer that named the charge, or the refund, may have been lost.
  if (refund !== undefined) {
    const { causation } = refund;
    const named = { ...refund, providerRef: refund.providerRef ?? providerRef };
    return refund.status !== "FAILED" && carryOutRefund(services, named, { causation, providerEventId });
  }
  if (payment.status !== "PROCESSING") return false;
  const { causation } = payment;
  const named = { ...payment, providerRef: payment.providerRef ?? providerRef };
  return (await collectPayment(services, named, { causation, providerEventId })) !== undefined;
}
