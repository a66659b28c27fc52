/**
 * Statements on payment methods. Callers bring a transaction that is bound to its tenants; those for all organisations
 * say what else they need.
 */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { PaymentMethodModel } from "../../../prisma/billing/generated/models/PaymentMethod.ts";
import { type PaymentMethod, PaymentMethodStatus } from "../domain/account.ts";
import { AccountId, PaymentMethodId } from "../domain/ids.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

function toPaymentMethod({ createdAt: _, ...row }: PaymentMethodModel): PaymentMethod {
  return {
    ...row,
    id: PaymentMethodId.require(row.id),
    organizationId: OrganizationId.require(row.organizationId),
    accountId: AccountId.require(row.accountId),
    status: storedEnum(PaymentMethodStatus, row.status),
  };
}

async function findOne(
  tx: BillingTransaction,
  where: Partial<Omit<PaymentMethodModel, "createdAt">>,
): Promise<PaymentMethod | undefined> {
  const row = await tables(tx).paymentMethod.findFirst({ where });
  return row === null ? undefined : toPaymentMethod(row);
}

/** Those that are kept. */
export async function findPaymentMethods(
  tx: BillingTransaction,
  ids: readonly PaymentMethodId[],
): Promise<PaymentMethod[]> {
  const rows = await tables(tx).paymentMethod.findMany({ where: { id: { in: [...ids] }, status: "ACTIVE" } });
  return rows.map(toPaymentMethod);
}

/** Those that are kept, or were given up: a command that gave one up may come again. */
export async function findMethodsEverKept(
  tx: BillingTransaction,
  ids: readonly PaymentMethodId[],
): Promise<PaymentMethod[]> {
  const rows = await tables(tx).paymentMethod.findMany({ where: { id: { in: [...ids] }, status: { not: "TRIED" } } });
  return rows.map(toPaymentMethod);
}

/** Those that are kept, oldest first. */
export async function findPaymentMethodsOf(
  tx: BillingTransaction,
  accountIds: readonly AccountId[],
): Promise<PaymentMethod[]> {
  const where = { accountId: { in: [...accountIds] }, status: "ACTIVE" };
  const rows = await tables(tx).paymentMethod.findMany({ where, orderBy: { id: "asc" } });
  return rows.map(toPaymentMethod);
}

/** Whatever became of it. */
export function findMethodOwned(tx: BillingTransaction, id: PaymentMethodId): Promise<PaymentMethod | undefined> {
  return findOne(tx, { id });
}

/** @returns undefined when the account has no such method */
export function findMethodOfAccount(
  tx: BillingTransaction,
  accountId: AccountId,
  id: PaymentMethodId,
): Promise<PaymentMethod | undefined> {
  return findOne(tx, { accountId, id, status: "ACTIVE" });
}

export function findDefaultMethod(tx: BillingTransaction, accountId: AccountId): Promise<PaymentMethod | undefined> {
  return findOne(tx, { accountId, isDefault: true });
}

/** As the provider tells cards apart. */
export interface Card {
  readonly provider: string;
  readonly fingerprint: string;
}

/** The kept method of a card. */
export function findSameCard(
  tx: BillingTransaction,
  accountId: AccountId,
  card: Card,
): Promise<PaymentMethod | undefined> {
  return findOne(tx, { accountId, ...card, status: "ACTIVE" });
}

export async function isMethodInUse(tx: BillingTransaction, id: PaymentMethodId): Promise<boolean> {
  return (await tables(tx).payment.count({ where: { paymentMethodId: id, status: "PROCESSING" } })) > 0;
}

export type NewPaymentMethod = Omit<PaymentMethod, "isDefault" | "version">;

/** Inserts a method of a locked account; the first one that is kept becomes the default in any case. */
export async function insertPaymentMethod(
  tx: BillingTransaction,
  method: NewPaymentMethod,
  makeDefault: boolean,
): Promise<PaymentMethod> {
  const { accountId, status } = method;
  if (makeDefault) await clearDefault(tx, accountId);
  const isDefault = status === "ACTIVE" && (makeDefault || (await findDefaultMethod(tx, accountId)) === undefined);
  return toPaymentMethod(await tables(tx).paymentMethod.create({ data: { ...method, isDefault } }));
}

async function clearDefault(tx: BillingTransaction, accountId: AccountId): Promise<void> {
  const data = { isDefault: false, version: { increment: 1 } };
  await tables(tx).paymentMethod.updateMany({ where: { accountId, isDefault: true }, data });
}

/** @param method kept, of a locked account */
export async function makeDefaultMethod(
  tx: BillingTransaction,
  { id, accountId }: Pick<PaymentMethod, "id" | "accountId">,
): Promise<PaymentMethod> {
  await clearDefault(tx, accountId);
  const data = { isDefault: true, version: { increment: 1 } };
  return toPaymentMethod(await tables(tx).paymentMethod.update({ where: { id, status: "ACTIVE" }, data }));
}

type Sealed = Pick<PaymentMethod, "reference" | "sealedWith">;

/** Gives a kept method another handle, of the same card. */
export async function renewMethod(
  tx: BillingTransaction,
  id: PaymentMethodId,
  renewed: Sealed & Pick<PaymentMethod, "expMonth" | "expYear">,
): Promise<PaymentMethod> {
  const data = { ...renewed, version: { increment: 1 } };
  return toPaymentMethod(await tables(tx).paymentMethod.update({ where: { id, status: "ACTIVE" }, data }));
}

export function findTriedMethod(tx: BillingTransaction, id: PaymentMethodId): Promise<PaymentMethod | undefined> {
  return findOne(tx, { id, status: "TRIED" });
}

/** Keeps a method, or gives it up. */
export async function settleMethod(
  tx: BillingTransaction,
  id: PaymentMethodId,
  settled: Pick<PaymentMethod, "status" | "isDefault">,
): Promise<PaymentMethod> {
  const data = { ...settled, version: { increment: 1 } };
  return toPaymentMethod(await tables(tx).paymentMethod.update({ where: { id }, data }));
}

/** The provider knows it no more. */
export async function forgetMethod(tx: BillingTransaction, id: PaymentMethodId): Promise<void> {
  const data = { status: "DETACHED", reference: null, sealedWith: null };
  await tables(tx).paymentMethod.updateMany({ where: { id, status: "DETACHING" }, data });
}

/** @param former what it replaces: another process may have been faster */
export async function sealMethod(
  tx: BillingTransaction,
  id: PaymentMethodId,
  { former, ...sealed }: Sealed & { readonly former: string },
): Promise<void> {
  await tables(tx).paymentMethod.updateMany({ where: { id, reference: former }, data: sealed });
}

type Owned = Pick<PaymentMethod, "id" | "organizationId">;

const ownedRows = z.array(z.object({ id: PaymentMethodId.schema, organizationId: OrganizationId.schema }));

/** For the relay role, which sees methods of all organisations. */
export async function findDetaching(tx: BillingTransaction, limit: number): Promise<Owned[]> {
  return ownedRows.parse(
    await tables(tx).$queryRaw`
      SELECT id, organization_id AS "organizationId" FROM payment_method
      WHERE status = 'DETACHING' ORDER BY id LIMIT ${limit}`,
  );
}

/** Those that the secret did not seal. For the relay role, which sees methods of all organisations. */
export async function findSealedOtherwise(tx: BillingTransaction, sealedWith: string, limit: number): Promise<Owned[]> {
  return ownedRows.parse(
    await tables(tx).$queryRaw`
      SELECT id, organization_id AS "organizationId" FROM payment_method
      WHERE status <> 'DETACHED' AND (sealed_with IS NULL OR sealed_with < ${sealedWith} OR sealed_with > ${sealedWith})
      LIMIT ${limit}`,
  );
}
