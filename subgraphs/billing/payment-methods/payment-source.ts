/**
 * How an input wants to pay: with a method that the account has, or with a new card. A new card is kept when the
 * payment succeeds; one that was declined is not kept, unless that was asked for.
 */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { CommandScope } from "../../../platform/database/command.ts";
import { isKeyUsed } from "../../../platform/database/idempotency.ts";
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { notFound } from "../../../platform/errors/refusals.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { requireProviderToken } from "../../../platform/validation/provider-token.ts";
import type { BillingAccount, PaymentMethod } from "../domain/account.ts";
import { type AccountId, PaymentMethodId } from "../domain/ids.ts";
import type { AttachedMethod } from "../provider/payment-provider.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findDefaultMethod, findMethodOfAccount } from "../store/payment-methods.ts";
import { keepMethod, tryMethod } from "./keep-method.ts";

export interface PaymentInput {
  readonly paymentMethodId?: string | null | undefined;
  readonly providerToken?: string | null | undefined;
  readonly keepPaymentMethod?: boolean | null | undefined;
}

/** What an input says, checked. Plain JSON: it belongs to what an idempotency key stands for. */
export interface PaymentSource {
  /** Null: the account's default, or a new card. */
  readonly paymentMethodId: PaymentMethodId | null;
  /** Of a new card. */
  readonly providerToken: string | null;
  readonly keep: boolean;
}

const METHOD = "payment method";

/** @throws UserFailure `NOT_FOUND` for what is no payment method anywhere, `INVALID` */
export function requireSource({ paymentMethodId, providerToken, keepPaymentMethod }: PaymentInput): PaymentSource {
  const id = paymentMethodId == null ? null : PaymentMethodId.from(paymentMethodId);
  if (id === undefined) throw notFound(METHOD, "paymentMethodId");
  if (providerToken != null) requireProviderToken(providerToken);
  return { paymentMethodId: id, providerToken: providerToken ?? null, keep: keepPaymentMethod ?? false };
}

export interface Asked {
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
  readonly idempotencyKey: string;
}

/**
 * Has the provider attach a new card, before the transaction. The provider's key is ours, so a repetition attaches
 * nothing more; where the command was carried out, the provider is not asked.
 * @returns undefined where there is no new card
 * @throws UserFailure `INVALID` for a token that the provider does not know
 */
export async function attachNewCard(
  { database, provider }: Pick<BillingServices, "database" | "provider">,
  { organizationId, accountId, idempotencyKey }: Asked,
  { paymentMethodId, providerToken: token }: Pick<PaymentSource, "paymentMethodId" | "providerToken">,
): Promise<AttachedMethod | undefined> {
  // Both is refused once it is known whose the named one is.
  if (token === null || paymentMethodId !== null) return undefined;
  const key = { tenant: organizationId, key: idempotencyKey };
  if (await readInTenants(database, [organizationId], (tx) => isKeyUsed(tx, key))) return undefined;
  const asked = { idempotencyKey: `${organizationId}:${idempotencyKey}`, token, customer: accountId };
  const attached = await provider.attach(asked);
  if (attached.status === "REFUSED") throw refuse("INVALID", attached.reason, "providerToken");
  const { status: _, ...method } = attached;
  return method;
}

/**
 * A method that is named in an input.
 * @throws UserFailure `NOT_FOUND` where the account does not have it, `INVALID` where there is a new card, too
 */
export async function requireNamed(
  tx: BillingTransaction,
  { id: accountId }: Pick<BillingAccount, "id">,
  { paymentMethodId, providerToken }: PaymentSource,
): Promise<PaymentMethod | undefined> {
  if (paymentMethodId === null) return undefined;
  const method = await findMethodOfAccount(tx, accountId, paymentMethodId);
  if (method === undefined) throw notFound(METHOD, "paymentMethodId");
  if (providerToken !== null) {
    throw refuse("INVALID", "Name a payment method or a new card, not both.", "providerToken");
  }
  return method;
}

export interface Choice {
  /** Locked by the transaction. */
  readonly account: BillingAccount;
  readonly named: PaymentMethod | undefined;
  /** A new card. */
  readonly attached: AttachedMethod | undefined;
  /** Also when it is declined. */
  readonly keep: boolean;
}

/** @throws UserFailure `STATE_INVALID` where the account has no default, and as `keepMethod` */
export async function chooseMethod(
  services: BillingServices,
  scope: CommandScope<BillingTransaction>,
  { account, named, attached, keep }: Choice,
): Promise<PaymentMethod> {
  if (attached !== undefined) {
    const method = { account, attached };
    return keep ? keepMethod(services, scope, { ...method, makeDefault: false }) : tryMethod(services, scope, method);
  }
  const method = named ?? (await findDefaultMethod(scope.tx, account.id));
  if (method === undefined) throw refuse("STATE_INVALID", "Attach a payment method first.", "paymentMethodId");
  return method;
}
