/** Statements on subscriptions. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { BillingSubscriptionModel } from "../../../prisma/billing/generated/models/BillingSubscription.ts";
import { SubscriptionStatus } from "../../../schema/generated/billing.ts";
import { AccountId, PlanId, SubscriptionId } from "../domain/ids.ts";
import type { BillingSubscription, PlanChoice } from "../domain/subscription.ts";
import { requireMove } from "../domain/subscription-moves.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toSubscription(row: BillingSubscriptionModel): BillingSubscription {
  const { quantity, currentPeriodStart, currentPeriodEnd, anchoredAt, cancelAt, surplus, version, createdAt } = row;
  const { nextPlanId, nextQuantity, trialEndsAt } = row;
  return {
    id: SubscriptionId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    accountId: AccountId.require(row.accountId),
    planId: PlanId.require(row.planId),
    status: storedEnum(SubscriptionStatus, row.status),
    quantity,
    currentPeriodStart,
    currentPeriodEnd,
    anchoredAt,
    cancelAt,
    next:
      nextPlanId === null || nextQuantity === null
        ? null
        : { planId: PlanId.require(nextPlanId), quantity: nextQuantity },
    trialEndsAt,
    surplus,
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

/** The plan that the account has: it runs, or waits for its first payment. */
export async function findRunningSubscription(
  tx: BillingTransaction,
  accountId: AccountId,
): Promise<BillingSubscription | undefined> {
  const where = { accountId, status: { not: "CANCELED" }, surplus: false };
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

/** Has the account begun a plan with a trial? */
export async function hadTrial(tx: BillingTransaction, accountId: AccountId): Promise<boolean> {
  const where = { accountId, trialEndsAt: { not: null } };
  return (await tables(tx).billingSubscription.findFirst({ where })) !== null;
}

/** A payment that is late takes nothing away yet; a first one that never came has granted nothing; a trial has. */
const GRANTING = ["TRIALING", "ACTIVE", "PAST_DUE"] as const satisfies readonly SubscriptionStatus[];

/** Those whose plans grant their features, oldest first. */
export async function findGrantingSubscriptions(
  tx: BillingTransaction,
  organizationIds: readonly OrganizationId[],
): Promise<BillingSubscription[]> {
  const where = { organizationId: { in: [...organizationIds] }, status: { in: [...GRANTING] } };
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

export type NewSubscription = Pick<
  BillingSubscription,
  | "id"
  | "organizationId"
  | "accountId"
  | "planId"
  | "quantity"
  | "currentPeriodStart"
  | "currentPeriodEnd"
  | "anchoredAt"
  | "trialEndsAt"
  | "createdAt"
>;

/** INCOMPLETE, or TRIALING where it begins with a trial. */
export async function insertSubscription(
  tx: BillingTransaction,
  subscription: NewSubscription,
): Promise<BillingSubscription> {
  const data = { ...subscription, status: subscription.trialEndsAt === null ? "INCOMPLETE" : "TRIALING" };
  return toSubscription(await tables(tx).billingSubscription.create({ data }));
}

/** Of a subscription whose account is locked; absent: as it is. */
export interface NewTerms {
  readonly planId?: PlanId;
  readonly quantity?: number;
  readonly currentPeriodStart?: Date;
  readonly currentPeriodEnd?: Date;
  readonly anchoredAt?: Date;
  readonly cancelAt?: Date | null;
  readonly next?: PlanChoice | null;
}

export async function changeTerms(
  tx: BillingTransaction,
  id: SubscriptionId,
  { next, ...terms }: NewTerms,
  at: Date,
): Promise<BillingSubscription> {
  const nextChoice = { nextPlanId: next?.planId ?? null, nextQuantity: next?.quantity ?? null };
  const row = await tables(tx).billingSubscription.update({
    where: { id },
    data: { ...terms, ...(next === undefined ? {} : nextChoice), version: { increment: 1 }, updatedAt: at },
  });
  return toSubscription(row);
}

interface StatusChange {
  readonly from: SubscriptionStatus;
  readonly at: Date;
}

/** A payment arrived. @returns undefined when the subscription was in another state than `from` */
export function activateSubscription(
  tx: BillingTransaction,
  id: SubscriptionId,
  change: StatusChange,
): Promise<BillingSubscription | undefined> {
  return changeStatus(tx, id, { ...change, to: "ACTIVE" });
}

/** A later payment did not arrive. @returns undefined when the subscription was not active */
export function markPastDue(
  tx: BillingTransaction,
  id: SubscriptionId,
  at: Date,
): Promise<BillingSubscription | undefined> {
  return changeStatus(tx, id, { from: "ACTIVE", to: "PAST_DUE", at });
}

/** @returns undefined when the subscription was not active */
export function pauseSubscription(
  tx: BillingTransaction,
  id: SubscriptionId,
  at: Date,
): Promise<BillingSubscription | undefined> {
  return changeStatus(tx, id, { from: "ACTIVE", to: "PAUSED", at });
}

/** @returns undefined when the subscription was in another state than `from` */
export function cancelSubscription(
  tx: BillingTransaction,
  id: SubscriptionId,
  change: StatusChange,
): Promise<BillingSubscription | undefined> {
  return changeStatus(tx, id, { ...change, to: "CANCELED" });
}

async function changeStatus(
  tx: BillingTransaction,
  id: SubscriptionId,
  { from, to, at }: StatusChange & { readonly to: SubscriptionStatus },
): Promise<BillingSubscription | undefined> {
  requireMove(from, to);
  const [row] = await tables(tx).billingSubscription.updateManyAndReturn({
    where: { id, status: from },
    data: { status: to, version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? undefined : toSubscription(row);
}

const dueRows = z.array(z.object({ id: SubscriptionId.schema, organizationId: OrganizationId.schema }));

/**
 * Subscriptions whose period is over, and those that an account has too many of, unless a payment that is under way
 * decides first. Accounts on a test clock have a worker of their own. For the relay role, which sees running
 * subscriptions of all organisations.
 * @param except ids of those that are not asked for
 */
export async function findDueSubscriptions(
  tx: BillingTransaction,
  now: Date,
  { except, limit }: { readonly except: readonly string[]; readonly limit: number },
): Promise<Pick<BillingSubscription, "id" | "organizationId">[]> {
  const rows = await tables(tx).$queryRaw`
    (SELECT id, organization_id AS "organizationId" FROM billing_subscription
      WHERE status <> 'CANCELED' AND surplus AND id <> ALL (${[...except]}::text[]) AND NOT EXISTS (
        SELECT FROM subscription_change WHERE subscription_id = billing_subscription.id AND status = 'PENDING')
      AND NOT EXISTS (SELECT FROM billing_account WHERE billing_account.id = account_id AND test_time IS NOT NULL)
      ORDER BY id LIMIT ${limit})
    UNION ALL
    (SELECT id, organization_id FROM billing_subscription
      WHERE status NOT IN ('CANCELED', 'PAUSED') AND NOT surplus AND current_period_end <= ${now}
        AND id <> ALL (${[...except]}::text[]) AND NOT EXISTS (
        SELECT FROM subscription_change WHERE subscription_id = billing_subscription.id AND status = 'PENDING')
      AND NOT EXISTS (SELECT FROM billing_account WHERE billing_account.id = account_id AND test_time IS NOT NULL)
      ORDER BY current_period_end LIMIT ${limit})
    LIMIT ${limit}`;
  return dueRows.parse(rows);
}
