/**
 * Statements on refunds. Callers bring a transaction that is bound to its tenants; `findUnsettledRefunds` says what
 * else it needs.
 */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import { causationSchema, storedCausation } from "../../../platform/events/stored-causation.ts";
import type { RefundModel } from "../../../prisma/billing/generated/models/Refund.ts";
import { RefundStatus } from "../../../schema/generated/billing.ts";
import { CreditNoteId, PaymentId, RefundId } from "../domain/ids.ts";
import type { PaymentOutcome } from "../domain/payment.ts";
import type { Refund } from "../domain/refund.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toRefund(row: RefundModel): Refund {
  const { currency, amountMinor, reason, provider, providerRef, failureCode, version, createdAt } = row;
  return {
    id: RefundId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    paymentId: PaymentId.require(row.paymentId),
    creditNoteId: row.creditNoteId === null ? null : CreditNoteId.require(row.creditNoteId),
    currency,
    amountMinor,
    reason,
    status: storedEnum(RefundStatus, row.status),
    provider,
    providerRef,
    failureCode,
    version,
    causation: causationSchema.parse(row.causation),
    createdAt,
  };
}

export async function findRefunds(tx: BillingTransaction, ids: readonly RefundId[]): Promise<Refund[]> {
  const rows = await tables(tx).refund.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toRefund);
}

/** Of payments, oldest first. */
export async function findRefundsOf(tx: BillingTransaction, paymentIds: readonly PaymentId[]): Promise<Refund[]> {
  const where = { paymentId: { in: [...paymentIds] } };
  const rows = await tables(tx).refund.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toRefund);
}

export type NewRefund = Omit<Refund, "status" | "providerRef" | "failureCode" | "version">;

/** Inserts a PROCESSING refund, which the refund worker carries out. */
export async function insertRefund(tx: BillingTransaction, { causation, ...refund }: NewRefund): Promise<Refund> {
  const data = { ...refund, status: "PROCESSING", causation: storedCausation(causation) };
  return toRefund(await tables(tx).refund.create({ data }));
}

const unsettledRows = z.array(z.object({ id: RefundId.schema, organizationId: OrganizationId.schema }));

/** Which refunds wait to be carried out. For the relay role, which sees PROCESSING refunds of all organisations. */
export async function findUnsettledRefunds(
  tx: BillingTransaction,
  limit: number,
): Promise<Pick<Refund, "id" | "organizationId">[]> {
  const rows = await tables(tx).$queryRaw`
    SELECT id, organization_id AS "organizationId" FROM refund
    WHERE status = 'PROCESSING' AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT ${limit}`;
  return unsettledRows.parse(rows);
}

/**
 * Takes the lease of a waiting refund: of several workers one gets it.
 * @returns undefined when it is settled or leased to another
 */
export async function leaseRefund(tx: BillingTransaction, id: RefundId, leaseMs: number): Promise<Refund | undefined> {
  const taken = await tables(tx).$executeRaw`
    UPDATE refund SET attempts = attempts + 1, next_attempt_at = now() + ${leaseMs} * interval '1 millisecond'
    WHERE id = ${id} AND status = 'PROCESSING' AND next_attempt_at <= now()`;
  if (taken === 0) return undefined;
  return toRefund(await tables(tx).refund.findUniqueOrThrow({ where: { id } }));
}

/** Gives the lease back: the outcome is still unknown. The next look comes after half of the refund's age. */
export async function postponeRefund(
  tx: BillingTransaction,
  id: RefundId,
  providerRef: string | undefined,
  bounds: { readonly minMs: number; readonly maxMs: number },
): Promise<void> {
  await tables(tx).$executeRaw`
    UPDATE refund SET
      provider_ref = coalesce(provider_ref, ${providerRef ?? null}),
      next_attempt_at = now() + least(
        ${bounds.maxMs} * interval '1 millisecond',
        greatest(${bounds.minMs} * interval '1 millisecond', (now() - created_at) / 2)),
      updated_at = now()
    WHERE id = ${id} AND status = 'PROCESSING'`;
}

/**
 * A bank may send back what had been given back.
 * @returns undefined when that was known
 */
export async function recordRefundOutcome(
  tx: BillingTransaction,
  id: RefundId,
  outcome: PaymentOutcome,
  at: Date,
): Promise<Refund | undefined> {
  const from = outcome.status === "FAILED" ? ["PROCESSING", "SUCCEEDED"] : ["PROCESSING"];
  const [row] = await tables(tx).refund.updateManyAndReturn({
    where: { id, status: { in: from } },
    data: { ...outcome, version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? undefined : toRefund(row);
}
