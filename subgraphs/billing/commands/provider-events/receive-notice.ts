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
import { PaymentId } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import { providerEventReceived } from "../../domain-events.ts";
import type { NoticeSubject, ProviderNotice } from "../../provider/payment-provider.ts";
import type { BillingServices } from "../../services.ts";
import { findPayments } from "../../store/payments.ts";
import { findToldEvent, finishProviderEvent, insertProviderEvent } from "../../store/provider-events.ts";

/** What the audit log calls the provider. */
const PROVIDER = "payment-provider";

/** Rejects when it could not be taken: the provider tells it again. */
export async function receiveNotice(services: BillingServices, notice: ProviderNotice): Promise<void> {
  const { about } = notice;
  const payment = about === undefined ? undefined : await paymentOf(services, about);
  if (about === undefined || payment === undefined) return keepForeign(services, notice);
  const kept = await keep(services, notice, payment);
  // Told before, and looked at to its end.
  if (kept?.outcome !== "RECEIVED") return;
  const outcome = await apply(services, about, payment, kept);
  const command = { tenants: [payment.organizationId], causation: causedByService(PROVIDER) };
  await runCommand(services, command, async ({ tx, emit }) => {
    const finished = await finishProviderEvent(tx, kept.id, { outcome, at: services.clock.now() });
    if (finished !== undefined) emit(providerEventReceived(finished, payment));
  });
}

async function paymentOf({ database }: BillingServices, about: NoticeSubject): Promise<Payment | undefined> {
  const organizationId = OrganizationId.from(about.organizationId);
  const id = PaymentId.from(about.key);
  if (organizationId === undefined || id === undefined) return undefined;
  const [payment] = await readInTenants(database, [organizationId], (tx) => findPayments(tx, [id]));
  return payment;
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

async function apply(
  services: BillingServices,
  { kind, providerRef }: NoticeSubject,
  payment: Payment,
  { id }: ProviderEvent,
): Promise<"APPLIED" | "UNCHANGED"> {
  if (kind !== "CHARGE" || payment.status !== "PROCESSING") return "UNCHANGED";
  // The answer that named the charge may have been lost.
  const named = { ...payment, providerRef: payment.providerRef ?? providerRef };
  const settled = await collectPayment(services, named, { causation: payment.causation, providerEventId: id });
  return settled === undefined ? "UNCHANGED" : "APPLIED";
}
