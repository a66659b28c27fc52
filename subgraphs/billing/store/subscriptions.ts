/** Statements on running plans. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";
import { keysetById } from "./keyset.ts";

const storedParts = z.object({ status: z.enum(["INCOMPLETE", "ACTIVE", "PAST_DUE", "CANCELED"]) });

type Row = Awaited<ReturnType<BillingTransaction["billingSubscription"]["findFirstOrThrow"]>>;

function toRecord(row: Row) {
  return { ...row, ...storedParts.parse(row) };
}

export type SubscriptionRecord = ReturnType<typeof toRecord>;

export async function findSubscriptions(tx: BillingTransaction, ids: readonly string[]): Promise<SubscriptionRecord[]> {
  const rows = await tx.billingSubscription.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toRecord);
}

/** The subscription that occupies the plan: active, or waiting for its first payment. */
export async function findRunningSubscription(
  tx: BillingTransaction,
  accountId: string,
  planId: string,
): Promise<SubscriptionRecord | null> {
  const row = await tx.billingSubscription.findFirst({ where: { accountId, planId, status: { not: "CANCELED" } } });
  return row === null ? null : toRecord(row);
}

/** Newest first. One row more than asked tells that there are more. */
export async function pageSubscriptions(
  tx: BillingTransaction,
  accountId: string,
  page: Page,
): Promise<SubscriptionRecord[]> {
  const { where, orderBy, take } = keysetById(page);
  const rows = await tx.billingSubscription.findMany({ where: { accountId, ...where }, orderBy, take });
  return rows.map(toRecord);
}

export function countSubscriptions(tx: BillingTransaction, accountId: string): Promise<number> {
  return tx.billingSubscription.count({ where: { accountId } });
}

export interface NewSubscription {
  readonly id: string;
  readonly organizationId: string;
  readonly accountId: string;
  readonly planId: string;
  readonly quantity: number;
  readonly currentPeriodStart: Date;
  readonly currentPeriodEnd: Date;
  readonly createdAt: Date;
}

export async function insertSubscription(
  tx: BillingTransaction,
  subscription: NewSubscription,
): Promise<SubscriptionRecord> {
  return toRecord(await tx.billingSubscription.create({ data: { ...subscription, status: "INCOMPLETE" } }));
}

/** The first payment arrived. @returns null when the subscription was not waiting for one */
export async function activateSubscription(
  tx: BillingTransaction,
  id: string,
  at: Date,
): Promise<SubscriptionRecord | null> {
  const [row] = await tx.billingSubscription.updateManyAndReturn({
    where: { id, status: "INCOMPLETE" },
    data: { status: "ACTIVE", version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? null : toRecord(row);
}
