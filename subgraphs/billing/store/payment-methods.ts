/** Statements on payment methods. Callers bring a transaction that is bound to its tenants. */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { PaymentMethodModel } from "../../../prisma/billing/generated/models/PaymentMethod.ts";
import type { PaymentMethod } from "../domain/account.ts";
import { AccountId, PaymentMethodId } from "../domain/ids.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toPaymentMethod(row: PaymentMethodModel): PaymentMethod {
  const { kind, brand, last4, provider, reference, isDefault, version } = row;
  return {
    id: PaymentMethodId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    accountId: AccountId.require(row.accountId),
    kind,
    brand,
    last4,
    provider,
    reference,
    isDefault,
    version,
  };
}

export async function findPaymentMethods(
  tx: BillingTransaction,
  ids: readonly PaymentMethodId[],
): Promise<PaymentMethod[]> {
  const rows = await tables(tx).paymentMethod.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toPaymentMethod);
}

/** Oldest first. */
export async function findPaymentMethodsOf(
  tx: BillingTransaction,
  accountIds: readonly AccountId[],
): Promise<PaymentMethod[]> {
  const where = { accountId: { in: [...accountIds] } };
  const rows = await tables(tx).paymentMethod.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toPaymentMethod);
}

/** @returns undefined when the account has no such method */
export async function findMethodOfAccount(
  tx: BillingTransaction,
  accountId: AccountId,
  id: PaymentMethodId,
): Promise<PaymentMethod | undefined> {
  const row = await tables(tx).paymentMethod.findFirst({ where: { accountId, id } });
  return row === null ? undefined : toPaymentMethod(row);
}

export async function findDefaultMethod(
  tx: BillingTransaction,
  accountId: AccountId,
): Promise<PaymentMethod | undefined> {
  const row = await tables(tx).paymentMethod.findFirst({ where: { accountId, isDefault: true } });
  return row === null ? undefined : toPaymentMethod(row);
}

export type NewPaymentMethod = Omit<PaymentMethod, "isDefault" | "version">;

/** Keeps a method of a locked account; its first one becomes the default in any case. */
export async function insertPaymentMethod(
  tx: BillingTransaction,
  method: NewPaymentMethod,
  makeDefault: boolean,
): Promise<PaymentMethod> {
  const { accountId } = method;
  if (makeDefault) {
    const data = { isDefault: false, version: { increment: 1 } };
    await tables(tx).paymentMethod.updateMany({ where: { accountId, isDefault: true }, data });
  }
  const isDefault = makeDefault || (await findDefaultMethod(tx, accountId)) === undefined;
  return toPaymentMethod(await tables(tx).paymentMethod.create({ data: { ...method, isDefault } }));
}
