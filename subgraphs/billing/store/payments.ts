/** Statements on payments. Callers bring a transaction that is bound to its tenants; `findUnsettled` says what else it needs. */
import { z } from "zod";
import type { Causation } from "../../../platform/events/envelope.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";

const storedParts = z.object({ status: z.enum(["PROCESSING", "SUCCEEDED", "FAILED"]) });

type Row = Awaited<ReturnType<BillingTransaction["payment"]["findFirstOrThrow"]>>;

function toRecord(row: Row) {
  return { ...row, ...storedParts.parse(row) };
}

export type PaymentRecord = ReturnType<typeof toRecord>;

export async function findPayments(tx: BillingTransaction, ids: readonly string[]): Promise<PaymentRecord[]> {
  const rows = await tx.payment.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toRecord);
}

/** In the order they were made. */
export async function findPaymentsOf(tx: BillingTransaction, invoiceIds: readonly string[]): Promise<PaymentRecord[]> {
  const rows = await tx.payment.findMany({ where: { invoiceId: { in: [...invoiceIds] } }, orderBy: { id: "asc" } });
  return rows.map(toRecord);
}

export async function isPaymentProcessing(tx: BillingTransaction, invoiceId: string): Promise<boolean> {
  const found = await tx.$executeRaw`SELECT FROM payment WHERE invoice_id = ${invoiceId} AND status = 'PROCESSING'`;
  return found > 0;
}

/** What is kept of a payment's cause: no address and no device, which only its first event needs. */
const causationSchema = z
  .object({
    actorKind: z.enum(["USER", "SERVICE", "ANONYMOUS"]),
    actorId: z.string().optional(),
    sessionId: z.string().optional(),
    correlationId: z.string(),
    traceparent: z.string().optional(),
    hop: z.int().nonnegative(),
  })
  .transform(
    ({ actorKind, actorId, sessionId, correlationId, traceparent, hop }): Causation => ({
      actorKind,
      ...(actorId === undefined ? {} : { actorId }),
      ...(sessionId === undefined ? {} : { sessionId }),
      correlationId,
      hop,
      ...(traceparent === undefined ? {} : { traceparent }),
    }),
  );

/** Who asked for the payment, for the events of its settlement. */
export function paymentCausation(payment: PaymentRecord): Causation {
  return causationSchema.parse(payment.causation);
}

export interface NewPayment {
  readonly id: string;
  readonly organizationId: string;
  readonly invoiceId: string;
  readonly paymentMethodId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly provider: string;
}

/** Inserts a PROCESSING payment. The caller has three seconds to ask the provider before the settlement worker does. */
export async function insertPayment(
  tx: BillingTransaction,
  payment: NewPayment,
  causation: Causation,
): Promise<PaymentRecord> {
  const stored = z.json().parse(JSON.parse(JSON.stringify(causationSchema.parse(causation))));
  const row = await tx.payment.create({ data: { ...payment, status: "PROCESSING", causation: stored ?? {} } });
  return toRecord(row);
}

const unsettledRows = z.array(z.object({ id: z.string(), organizationId: z.string() }));

/** Which payments wait to be asked about. For the relay role, which sees PROCESSING payments of all organisations. */
export async function findUnsettled(
  tx: BillingTransaction,
  limit: number,
): Promise<{ readonly id: string; readonly organizationId: string }[]> {
  const rows = await tx.$queryRaw`
    SELECT id, organization_id AS "organizationId" FROM payment
    WHERE status = 'PROCESSING' AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT ${limit}`;
  return unsettledRows.parse(rows);
}

/**
 * Takes the lease of a waiting payment: of several workers one gets it.
 * @returns null when it is settled or leased to another
 */
export async function leasePayment(tx: BillingTransaction, id: string, leaseMs: number): Promise<PaymentRecord | null> {
  const taken = await tx.$executeRaw`
    UPDATE payment SET attempts = attempts + 1, next_attempt_at = now() + ${leaseMs} * interval '1 millisecond'
    WHERE id = ${id} AND status = 'PROCESSING' AND next_attempt_at <= now()`;
  if (taken === 0) return null;
  return toRecord(await tx.payment.findUniqueOrThrow({ where: { id } }));
}

/**
 * Gives the lease back: the outcome is still unknown. The next look comes after half of the payment's age, so that young
 * payments settle soon and old ones cost little.
 */
export async function postponePayment(
  tx: BillingTransaction,
  id: string,
  providerRef: string | undefined,
  bounds: { readonly minMs: number; readonly maxMs: number },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE payment SET
      attempts = greatest(attempts, 1),
      provider_ref = coalesce(provider_ref, ${providerRef ?? null}),
      next_attempt_at = now() + least(
        ${bounds.maxMs} * interval '1 millisecond',
        greatest(${bounds.minMs} * interval '1 millisecond', (now() - created_at) / 2)),
      updated_at = now()
    WHERE id = ${id} AND status = 'PROCESSING'`;
}

export type PaymentOutcome =
  | { readonly status: "SUCCEEDED"; readonly providerRef: string }
  | { readonly status: "FAILED"; readonly providerRef: string; readonly failureCode: string };

/** @returns null when the payment was settled before */
export async function settlePaymentRow(
  tx: BillingTransaction,
  id: string,
  outcome: PaymentOutcome,
  at: Date,
): Promise<PaymentRecord | null> {
  const [row] = await tx.payment.updateManyAndReturn({
    where: { id, status: "PROCESSING" },
    data: { ...outcome, version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? null : toRecord(row);
}
