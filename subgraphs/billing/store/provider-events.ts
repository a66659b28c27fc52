/** Statements on what the payment provider told. Callers bring a transaction that is bound to its tenants. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { ProviderEventModel } from "../../../prisma/billing/generated/models/ProviderEvent.ts";
import { PaymentId, ProviderEventId } from "../domain/ids.ts";
import { type FinishedEvent, type ProviderEvent, ProviderEventOutcome } from "../domain/provider-event.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toProviderEvent(row: ProviderEventModel): ProviderEvent {
  return {
    ...row,
    id: ProviderEventId.require(row.id),
    organizationId: row.organizationId === null ? null : OrganizationId.require(row.organizationId),
    paymentId: row.paymentId === null ? null : PaymentId.require(row.paymentId),
    outcome: storedEnum(ProviderEventOutcome, row.outcome),
  };
}

/** Does nothing where it was told before. Naming the index would need the right to read what others were told. */
export async function insertProviderEvent(tx: BillingTransaction, event: ProviderEvent): Promise<void> {
  await tables(tx).$executeRaw`
    INSERT INTO provider_event
      (id, provider, provider_ref, type, organization_id, payment_id, outcome, received_at, processed_at)
    VALUES (${event.id}, ${event.provider}, ${event.providerRef}, ${event.type}, ${event.organizationId},
      ${event.paymentId}, ${event.outcome}, ${event.receivedAt}, ${event.processedAt})
    ON CONFLICT DO NOTHING`;
}

export type ToldEvent = Pick<ProviderEvent, "provider" | "providerRef">;

/** @returns undefined where the tenants were told nothing of the kind */
export async function findToldEvent(
  tx: BillingTransaction,
  { provider, providerRef }: ToldEvent,
): Promise<ProviderEvent | undefined> {
  const row = await tables(tx).providerEvent.findFirst({ where: { provider, providerRef } });
  return row === null ? undefined : toProviderEvent(row);
}

/** @returns undefined when another one was faster */
export async function finishProviderEvent(
  tx: BillingTransaction,
  id: ProviderEventId,
  { outcome, at }: { readonly outcome: FinishedEvent["outcome"]; readonly at: Date },
): Promise<FinishedEvent | undefined> {
  const [row] = await tables(tx).providerEvent.updateManyAndReturn({
    where: { id, outcome: "RECEIVED" },
    data: { outcome, processedAt: at },
  });
  return row === undefined ? undefined : { ...toProviderEvent(row), outcome };
}

/** Of payments, in the order in which they came. */
export async function findProviderEventsOf(
  tx: BillingTransaction,
  paymentIds: readonly PaymentId[],
): Promise<(ProviderEvent & { readonly paymentId: PaymentId })[]> {
  const where = { paymentId: { in: [...paymentIds] } };
  const rows = await tables(tx).providerEvent.findMany({ where, orderBy: { id: "asc" } });
  return rows.map((row) => ({ ...toProviderEvent(row), paymentId: PaymentId.require(row.paymentId ?? "") }));
}
