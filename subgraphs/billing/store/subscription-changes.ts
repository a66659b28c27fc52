/** Statements on changes of subscriptions. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { SubscriptionChangeModel } from "../../../prisma/billing/generated/models/SubscriptionChange.ts";
import { CreditNoteId, InvoiceId, PlanId, SubscriptionId } from "../domain/ids.ts";
import type { SubscriptionChange } from "../domain/subscription.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

const storedStatus = z.enum(["PENDING", "APPLIED", "REVERTED"]);

function toChange(row: SubscriptionChangeModel): SubscriptionChange {
  const { id, quantity, periodStart, periodEnd, anchoredAt } = row;
  return {
    id,
    organizationId: OrganizationId.require(row.organizationId),
    subscriptionId: SubscriptionId.require(row.subscriptionId),
    invoiceId: InvoiceId.require(row.invoiceId),
    creditNoteId: row.creditNoteId === null ? null : CreditNoteId.require(row.creditNoteId),
    planId: PlanId.require(row.planId),
    quantity,
    periodStart,
    periodEnd,
    anchoredAt,
    status: storedStatus.parse(row.status),
  };
}

/** @param createdAt when it was asked for */
export async function insertChange(
  tx: BillingTransaction,
  change: SubscriptionChange & { readonly createdAt: Date },
): Promise<void> {
  await tables(tx).subscriptionChange.create({ data: change });
}

/** The change that waits for the payment of this invoice. */
export async function findPendingChangeOf(
  tx: BillingTransaction,
  invoiceId: InvoiceId,
): Promise<SubscriptionChange | undefined> {
  const row = await tables(tx).subscriptionChange.findFirst({ where: { invoiceId, status: "PENDING" } });
  return row === null ? undefined : toChange(row);
}

export async function isChangePending(tx: BillingTransaction, subscriptionId: SubscriptionId): Promise<boolean> {
  const found = await tables(tx).subscriptionChange.findFirst({ where: { subscriptionId, status: "PENDING" } });
  return found !== null;
}

export async function endChange(
  tx: BillingTransaction,
  id: string,
  { status, at }: { readonly status: "APPLIED" | "REVERTED"; readonly at: Date },
): Promise<void> {
  await tables(tx).subscriptionChange.update({ where: { id, status: "PENDING" }, data: { status, updatedAt: at } });
}
