/** Statements on disputes. Callers bring a transaction that is bound to its tenants. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { DisputeModel } from "../../../prisma/billing/generated/models/Dispute.ts";
import { DisputeStatus } from "../../../schema/generated/billing.ts";
import type { Dispute } from "../domain/dispute.ts";
import { DisputeId, PaymentId } from "../domain/ids.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toDispute(row: DisputeModel): Dispute {
  return {
    ...row,
    id: DisputeId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    paymentId: PaymentId.require(row.paymentId),
    status: storedEnum(DisputeStatus, row.status),
  };
}

/** Of payments, oldest first. */
export async function findDisputesOf(tx: BillingTransaction, paymentIds: readonly PaymentId[]): Promise<Dispute[]> {
  const where = { paymentId: { in: [...paymentIds] } };
  const rows = await tables(tx).dispute.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toDispute);
}

export async function insertDispute(tx: BillingTransaction, dispute: Omit<Dispute, "version">): Promise<Dispute> {
  return toDispute(await tables(tx).dispute.create({ data: dispute }));
}

/** @returns undefined when it was closed before */
export async function closeDispute(
  tx: BillingTransaction,
  id: DisputeId,
  { status, at }: { readonly status: "WON" | "LOST"; readonly at: Date },
): Promise<Dispute | undefined> {
  const [row] = await tables(tx).dispute.updateManyAndReturn({
    where: { id, status: "OPEN" },
    data: { status, closedAt: at, version: { increment: 1 } },
  });
  return row === undefined ? undefined : toDispute(row);
}
