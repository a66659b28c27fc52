/** Statements on billing accounts. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { BillingAccountModel } from "../../../prisma/billing/generated/models/BillingAccount.ts";
import { billingAccountRows } from "../../../prisma/billing/generated/raw-rows.ts";
import { BillingAccountStatus } from "../../../schema/generated/billing.ts";
import type { BillingAccount } from "../domain/account.ts";
import type { BillingDetails } from "../domain/billing-details.ts";
import { AccountId } from "../domain/ids.ts";
import { toDetails } from "./billing-details.ts";
import type { BillingTransaction } from "./database.ts";
import { requireRow } from "./require-row.ts";
import { tables } from "./tables.ts";

function toAccount(row: BillingAccountModel): BillingAccount {
  const { currency, creditMinor, testTime, testTarget, version } = row;
  return {
    id: AccountId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    currency,
    status: storedEnum(BillingAccountStatus, row.status),
    creditMinor,
    testTime,
    testTarget,
    details: toDetails(row),
    version,
  };
}

export type NewAccount = Pick<BillingAccount, "id" | "organizationId" | "currency" | "status">;

/** @returns false when the organisation has an account already */
export async function insertAccount(tx: BillingTransaction, account: NewAccount): Promise<boolean> {
  const { count } = await tables(tx).billingAccount.createMany({ data: [account], skipDuplicates: true });
  return count === 1;
}

export async function findAccounts(tx: BillingTransaction, ids: readonly AccountId[]): Promise<BillingAccount[]> {
  const rows = await tables(tx).billingAccount.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toAccount);
}

export async function findAccountsOf(
  tx: BillingTransaction,
  organizationIds: readonly OrganizationId[],
): Promise<BillingAccount[]> {
  const rows = await tables(tx).billingAccount.findMany({ where: { organizationId: { in: [...organizationIds] } } });
  return rows.map(toAccount);
}

/** Locks the account until the commit: its starts and attachments happen one after the other. */
export async function lockAccount(tx: BillingTransaction, id: AccountId): Promise<BillingAccount> {
  const { columns, parse } = billingAccountRows;
  const rows = parse(await tables(tx).$queryRaw`SELECT ${columns} FROM billing_account WHERE id = ${id} FOR UPDATE`);
  return toAccount(requireRow(rows.at(0)));
}

/** The account of the organisation, locked until the commit. @returns undefined when it has none */
export async function lockAccountOf(
  tx: BillingTransaction,
  organizationId: OrganizationId,
): Promise<BillingAccount | undefined> {
  const { columns, parse } = billingAccountRows;
  const [row] = parse(
    await tables(tx)
      .$queryRaw`SELECT ${columns} FROM billing_account WHERE organization_id = ${organizationId} FOR UPDATE`,
  );
  return row === undefined ? undefined : toAccount(row);
}

/** @returns the account as it is now; undefined when it was in none of these states */
export async function changeAccountStatus(
  tx: BillingTransaction,
  id: AccountId,
  {
    from,
    to,
    at,
  }: { readonly from: readonly BillingAccountStatus[]; readonly to: BillingAccountStatus; readonly at: Date },
): Promise<BillingAccount | undefined> {
  const [row] = await tables(tx).billingAccount.updateManyAndReturn({
    where: { id, status: { in: [...from] } },
    data: { status: to, version: { increment: 1 }, updatedAt: at },
  });
  return row === undefined ? undefined : toAccount(row);
}

/** @param id of an account that the transaction has locked. @returns the account as it is now */
export async function changeDetails(
  tx: BillingTransaction,
  id: AccountId,
  { billingEmail, taxId, address }: BillingDetails,
  at: Date,
): Promise<BillingAccount> {
  const { columns, parse } = billingAccountRows;
  const rows = await tables(tx).$queryRaw`
    UPDATE billing_account
    SET billing_email = ${billingEmail}, tax_id = ${taxId}, address = ${address === null ? null : JSON.stringify(address)}::jsonb,
      version = version + 1, updated_at = ${at}
    WHERE id = ${id} RETURNING ${columns}`;
  return toAccount(requireRow(parse(rows).at(0)));
}

/**
 * Gives a locked account credit, or takes it.
 * @param byMinor at most what the account has, where it is negative: the database refuses more
 */
export async function changeCredit(tx: BillingTransaction, id: AccountId, byMinor: bigint, at: Date): Promise<void> {
  if (byMinor === 0n) return;
  await tables(tx).billingAccount.update({
    where: { id },
    data: { creditMinor: { increment: byMinor }, version: { increment: 1 }, updatedAt: at },
  });
}

export interface ClockChange {
  /** What the account's clock shows, which it is moved from; null: it has none yet. */
  readonly from: Date | null;
  readonly testTime: Date;
  /** Null: it stands from now on; absent: as it is. */
  readonly testTarget?: Date | null;
}

/** @returns undefined when the clock shows something else by now, or stands where it was moving */
export async function setTestClock(
  tx: BillingTransaction,
  id: AccountId,
  { from, ...change }: ClockChange,
): Promise<BillingAccount | undefined> {
  const [row] = await tables(tx).billingAccount.updateManyAndReturn({
    where: { id, testTime: from, ...(change.testTarget instanceof Date ? {} : { testTarget: { not: null } }) },
    data: { ...change, version: { increment: 1 }, updatedAt: change.testTime },
  });
  return row === undefined ? undefined : toAccount(row);
}

const movingRows = z.array(z.object({ id: AccountId.schema, organizationId: OrganizationId.schema }));

/** Accounts whose time is being moved. For the relay role, which sees all accounts that have a time of their own. */
export async function findMovingClocks(
  tx: BillingTransaction,
  limit: number,
): Promise<Pick<BillingAccount, "id" | "organizationId">[]> {
  const rows = await tables(tx).$queryRaw`
    SELECT id, organization_id AS "organizationId" FROM billing_account
    WHERE test_time IS NOT NULL AND test_target IS NOT NULL ORDER BY id LIMIT ${limit}`;
  return movingRows.parse(rows);
}
