/** Statements on billing accounts. Callers bring a transaction that is bound to its tenants. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { BillingAccountModel } from "../../../prisma/billing/generated/models/BillingAccount.ts";
import { billingAccountRows } from "../../../prisma/billing/generated/raw-rows.ts";
import type { BillingAccount } from "../domain/account.ts";
import { AccountId } from "../domain/ids.ts";
import type { BillingTransaction } from "./database.ts";
import { requireRow } from "./require-row.ts";
import { tables } from "./tables.ts";

function toAccount({ id, organizationId, currency, version }: BillingAccountModel): BillingAccount {
  return { id: AccountId.require(id), organizationId: OrganizationId.require(organizationId), currency, version };
}

export type NewAccount = Pick<BillingAccount, "id" | "organizationId" | "currency">;

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
