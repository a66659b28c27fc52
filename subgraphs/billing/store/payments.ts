/**
 * Statements on payments. Callers bring a transaction that is bound to its tenants; `findUnsettled` says what else it
 * needs.
 */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import { causationSchema, storedCausation } from "../../../platform/events/stored-causation.ts";
import type { PaymentModel } from "../../../prisma/billing/generated/models/Payment.ts";
import { PaymentStatus } from "../../../schema/generated/billing.ts";
import { type AccountId, InvoiceId, PaymentId, PaymentMethodId } from "../domain/ids.ts";
import type { Payment, PaymentOutcome } from "../domain/payment.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toPayment(row: PaymentModel): Payment {
  const { currency, amountMinor, provider, providerRef, failureCode, version, attempts, createdAt } = row;
  const { actionUrl, payerPresent, refundedMinor } = row;
  return {
    id: PaymentId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    invoiceId: InvoiceId.require(row.invoiceId),
    paymentMethodId: PaymentMethodId.require(row.paymentMethodId),
    currency,
    amountMinor,
    refundedMinor,
    status: storedEnum(PaymentStatus, row.status),
    provider,
    providerRef,
    failureCode,
    actionUrl,
    payerPresent,
    version,
    causation: causationSchema.parse(row.causation),
    attempts,
    createdAt,
  };
}

export async function findPayments(tx: BillingTransaction, ids: readonly PaymentId[]): Promise<Payment[]> {
  const rows = await tables(tx).payment.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toPayment);
}

/** In the order they were made. */
export async function findPaymentsOf(tx: BillingTransaction, invoiceIds: readonly InvoiceId[]): Promise<Payment[]> {
  const where = { invoiceId: { in: [...invoiceIds] } };
  const rows = await tables(tx).payment.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toPayment);
}

/** Of an account. */
export async function findProcessingPayments(
  tx: BillingTransaction,
  accountId: AccountId,
): Promise<Pick<Payment, "id" | "organizationId">[]> {
  const rows = await tables(tx).payment.findMany({ where: { status: "PROCESSING", invoice: { accountId } } });
  return rows.map(toPayment);
}

export async function isPaymentProcessing(tx: BillingTransaction, invoiceId: InvoiceId): Promise<boolean> {
  const found = await tables(tx).$executeRaw`
    SELECT FROM payment WHERE invoice_id = ${invoiceId} AND status = 'PROCESSING'`;
  return found > 0;
}

export type NewPayment = Pick<
  Payment,
  "id" | "organizationId" | "invoiceId" | "paymentMethodId" | "currency" | "amountMinor" | "provider"
>;

/** Inserts a PROCESSING payment. A request has three seconds to ask the provider before the settlement worker does. */
export async function insertPayment(
  tx: BillingTransaction,
  payment: NewPayment,
  { causation, collectedBy }: { readonly causation: Causation; readonly collectedBy: "request" | "worker" },
): Promise<Payment> {
  const data = {
    ...payment,
    status: "PROCESSING",
    causation: storedCausation(causation),
    payerPresent: collectedBy === "request",
    ...(collectedBy === "worker" ? { nextAttemptAt: new Date(0) } : {}),
  };
  return toPayment(await tables(tx).payment.create({ data }));
}

const unsettledRows = z.array(z.object({ id: PaymentId.schema, organizationId: OrganizationId.schema }));

/** Which payments wait to be asked about. For the relay role, which sees PROCESSING payments of all organisations. */
export async function findUnsettled(
  tx: BillingTransaction,
  limit: number,
): Promise<Pick<Payment, "id" | "organizationId">[]> {
  const rows = await tables(tx).$queryRaw`
    SELECT id, organization_id AS "organizationId" FROM payment
    WHERE status = 'PROCESSING' AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT ${limit}`;
  return unsettledRows.parse(rows);
}

/**
 * Takes the lease of a waiting payment: of several workers one gets it.
 * @returns undefined when it is settled or leased to another
 */
export async function leasePayment(
  tx: BillingTransaction,
  id: PaymentId,
  leaseMs: number,
): Promise<Payment | undefined> {
  const taken = await tables(tx).$executeRaw`
    UPDATE payment SET attempts = attempts + 1, next_attempt_at = now() + ${leaseMs} * interval '1 millisecond'
    WHERE id = ${id} AND status = 'PROCESSING' AND next_attempt_at <= now()`;
  if (taken === 0) return undefined;
  return toPayment(await tables(tx).payment.findUniqueOrThrow({ where: { id } }));
}

/**
 * Gives the lease back: the outcome is still unknown. The next look comes after half of the payment's age, so that
 * young payments settle soon and old ones cost little.
 */
export async function postponePayment(
  tx: BillingTransaction,
  id: PaymentId,
  providerRef: string | undefined,
  bounds: { readonly minMs: number; readonly maxMs: number },
): Promise<void> {
  await tables(tx).$executeRaw`
    UPDATE payment SET
      attempts = greatest(attempts, 1),
      provider_ref = coalesce(provider_ref, ${providerRef ?? null}),
      next_attempt_at = now() + least(
        ${bounds.maxMs} * interval '1 millisecond',
        greatest(${bounds.minMs} * interval '1 millisecond', (now() - created_at) / 2)),
      updated_at = now()
    WHERE id = ${id} AND status = 'PROCESSING'`;
}

/**
 * It waits for its payer from now on.
 * @returns undefined when that was known, or when the payment was settled
 */
export async function recordAction(
  tx: BillingTransaction,
  id: PaymentId,
  { providerRef, actionUrl }: { readonly providerRef: string; readonly actionUrl: string },
  at: Date,
): Promise<Payment | undefined> {
  const [row] = await tables(tx).payment.updateManyAndReturn({
    where: { id, status: "PROCESSING", actionUrl: null },
    data: { providerRef, actionUrl, version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? undefined : toPayment(row);
}

/** @returns undefined when the payment was settled before */
export async function recordOutcome(
  tx: BillingTransaction,
  id: PaymentId,
  outcome: PaymentOutcome,
  at: Date,
): Promise<Payment | undefined> {
  const [row] = await tables(tx).payment.updateManyAndReturn({
    where: { id, status: "PROCESSING" },
    data: { ...outcome, actionUrl: null, version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? undefined : toPayment(row);
}

/**
 * Counts what is given back of a payment whose account the transaction has locked, or no longer is.
 * @param byMinor at most what is left of it: the database refuses more
 */
export async function changeRefunded(
  tx: BillingTransaction,
  id: PaymentId,
  byMinor: bigint,
  at: Date,
): Promise<Payment> {
  const row = await tables(tx).payment.update({
    where: { id },
    data: { refundedMinor: { increment: byMinor }, version: { increment: 1 }, updatedAt: at },
  });
  return toPayment(row);
}
