/** Statements on subscriptions. Callers bring a transaction that is bound to its tenants. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { BillingSubscriptionModel } from "../../../prisma/billing/generated/models/BillingSubscription.ts";
import { SubscriptionStatus } from "../../../schema/generated/billing.ts";
import { AccountId, PlanId, SubscriptionId } from "../domain/ids.ts";
import type { BillingSubscription } from "../domain/subscription.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toSubscription(row: BillingSubscriptionModel): BillingSubscription {
  const { quantity, currentPeriodStart, currentPeriodEnd, version, createdAt } = row;
  return {
    id: SubscriptionId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    accountId: AccountId.require(row.accountId),
    planId: PlanId.require(row.planId),
    status: storedEnum(SubscriptionStatus, row.status),
    quantity,
    currentPeriodStart,
    currentPeriodEnd,
    version,
    createdAt,
  };
}

export async function findSubscriptions(
  tx: BillingTransaction,
  ids: readonly SubscriptionId[],
): Promise<BillingSubscription[]> {
  const rows = await tables(tx).billingSubscription.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toSubscription);
}

/** The subscription that occupies the plan: active, or waiting for its first payment. */
export async function findRunningSubscription(
  tx: BillingTransaction,
  accountId: AccountId,
  planId: PlanId,
): Promise<BillingSubscription | undefined> {
  const where = { accountId, planId, status: { not: "CANCELED" } };
  const row = await tables(tx).billingSubscription.findFirst({ where });
  return row === null ? undefined : toSubscription(row);
}

/** All that have not ended, oldest first. */
export async function findRunningSubscriptions(
  tx: BillingTransaction,
  accountId: AccountId,
): Promise<BillingSubscription[]> {
  const where = { accountId, status: { not: "CANCELED" } };
  const rows = await tables(tx).billingSubscription.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toSubscription);
}

/** Newest first. */
export async function pageSubscriptions(
  tx: BillingTransaction,
  accountId: AccountId,
  page: Page,
): Promise<RowPage<BillingSubscription>> {
  const { where, orderBy, take } = keysetById(page, "descending");
  const { billingSubscription } = tables(tx);
  const rows = await billingSubscription.findMany({ where: { accountId, ...where }, orderBy, take });
  const totalCount = page.counted ? await billingSubscription.count({ where: { accountId } }) : null;
  return { rows: rows.map(toSubscription), totalCount };
}

export type NewSubscription = Omit<BillingSubscription, "status" | "version">;

export async function insertSubscription(
  tx: BillingTransaction,
  subscription: NewSubscription,
): Promise<BillingSubscription> {
  const data = { ...subscription, status: "INCOMPLETE" };
  return toSubscription(await tables(tx).billingSubscription.create({ data }));
}

/** The first payment arrived. @returns undefined when the subscription was not waiting for it */
export function activateSubscription(
  tx: BillingTransaction,
  id: SubscriptionId,
  at: Date,
): Promise<BillingSubscription | undefined> {
  return changeStatus(tx, id, { from: "INCOMPLETE", to: "ACTIVE", at });
}

/** @returns undefined when the subscription was in another state than `from` */
export function cancelSubscription(
  tx: BillingTransaction,
  id: SubscriptionId,
  change: { readonly from: SubscriptionStatus; readonly at: Date },
): Promise<BillingSubscription | undefined> {
  return changeStatus(tx, id, { ...change, to: "CANCELED" });
}

async function changeStatus(
  tx: BillingTransaction,
  id: SubscriptionId,
  { from, to, at }: { readonly from: SubscriptionStatus; readonly to: SubscriptionStatus; readonly at: Date },
): Promise<BillingSubscription | undefined> {
  const [row] = await tables(tx).billingSubscription.updateManyAndReturn({
    where: { id, status: from },
    data: { status: to, version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? undefined : toSubscription(row);
}
