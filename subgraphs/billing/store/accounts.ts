/** Statements on billing accounts and their payment methods. Callers bring a transaction that is bound to its tenants. */
import type { BillingTransaction } from "../../../prisma/billing/client.ts";
import { billingAccountRows, paymentMethodRows } from "../../../prisma/billing/generated/raw-rows.ts";
import { present } from "../present.ts";
import type { AttachedMethod } from "../provider/payment-provider.ts";

export type AccountRecord = Awaited<ReturnType<BillingTransaction["billingAccount"]["findFirstOrThrow"]>>;
export type PaymentMethodRecord = Awaited<ReturnType<BillingTransaction["paymentMethod"]["findFirstOrThrow"]>>;

export interface NewAccount {
  readonly id: string;
  readonly organizationId: string;
  readonly currency: string;
}

/** @returns false when the organisation has an account already */
export async function insertAccount(tx: BillingTransaction, account: NewAccount): Promise<boolean> {
  const { count } = await tx.billingAccount.createMany({ data: [account], skipDuplicates: true });
  return count === 1;
}

export function findAccounts(tx: BillingTransaction, ids: readonly string[]): Promise<AccountRecord[]> {
  return tx.billingAccount.findMany({ where: { id: { in: [...ids] } } });
}

export function findAccountsOf(tx: BillingTransaction, organizationIds: readonly string[]): Promise<AccountRecord[]> {
  return tx.billingAccount.findMany({ where: { organizationId: { in: [...organizationIds] } } });
}

/** Locks the account until the commit: its starts and attachments happen one after the other. */
export async function lockAccount(tx: BillingTransaction, id: string): Promise<AccountRecord> {
  const { columns, parse } = billingAccountRows;
  const [account] = parse(await tx.$queryRaw`SELECT ${columns} FROM billing_account WHERE id = ${id} FOR UPDATE`);
  return present(account);
}

export function findPaymentMethods(tx: BillingTransaction, ids: readonly string[]): Promise<PaymentMethodRecord[]> {
  return tx.paymentMethod.findMany({ where: { id: { in: [...ids] } } });
}

/** Oldest first. */
export function findPaymentMethodsOf(
  tx: BillingTransaction,
  accountIds: readonly string[],
): Promise<PaymentMethodRecord[]> {
  return tx.paymentMethod.findMany({ where: { accountId: { in: [...accountIds] } }, orderBy: { id: "asc" } });
}

/** The method with this id, or the account's default without one; null when the account has no such method. */
export function findMethodOfAccount(
  tx: BillingTransaction,
  accountId: string,
  id: string | undefined,
): Promise<PaymentMethodRecord | null> {
  return tx.paymentMethod.findFirst({ where: id === undefined ? { accountId, isDefault: true } : { accountId, id } });
}

export interface NewPaymentMethod extends AttachedMethod {
  readonly id: string;
  readonly organizationId: string;
  readonly accountId: string;
  readonly provider: string;
}

/** Keeps a method of a locked account; its first one becomes the default in any case. */
export async function insertPaymentMethod(
  tx: BillingTransaction,
  method: NewPaymentMethod,
  makeDefault: boolean,
): Promise<PaymentMethodRecord> {
  const { id, organizationId, accountId, kind, brand, last4, provider, reference } = method;
  if (makeDefault) {
    const data = { isDefault: false, version: { increment: 1 } };
    await tx.paymentMethod.updateMany({ where: { accountId, isDefault: true }, data });
  }
  const inserted = await tx.$queryRaw`
    INSERT INTO payment_method (id, organization_id, account_id, kind, brand, last4, provider, reference, is_default)
    VALUES (${id}, ${organizationId}, ${accountId}, ${kind}, ${brand}, ${last4}, ${provider}, ${reference},
      NOT EXISTS (SELECT FROM payment_method WHERE account_id = ${accountId} AND is_default))
    RETURNING ${paymentMethodRows.columns}`;
  return present(paymentMethodRows.parse(inserted).at(0));
}
