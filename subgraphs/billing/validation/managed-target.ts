/** The entity that a command about money names: read and checked before the command does anything. */
import { type Principal, tenantsOf } from "../../../platform/auth/identity.ts";
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { notFound, requirePermission } from "../../../platform/errors/refusals.ts";
import type { Id, IdKind } from "../../../platform/ids.ts";
import { AccountId, InvoiceId, PaymentMethodId, SubscriptionId } from "../domain/ids.ts";
import { MANAGE_BILLING } from "../policies.ts";
import type { BillingServices } from "../services.ts";
import { findAccounts } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findInvoices } from "../store/invoices.ts";
import { findMethodsEverKept } from "../store/payment-methods.ts";
import { findSubscriptions } from "../store/subscriptions.ts";

export interface ManagedKind<Prefix extends string, Entity> {
  readonly kind: IdKind<Prefix>;
  /** As in "There is no such invoice." */
  readonly noun: string;
  readonly find: (tx: BillingTransaction, ids: readonly Id<NoInfer<Prefix>>[]) => Promise<readonly Entity[]>;
}

export const ACCOUNT = { kind: AccountId, noun: "billing account", find: findAccounts };
/** Where the command is about the account itself. */
export const ACCOUNT_ITSELF = {
  kind: AccountId,
  noun: ACCOUNT.noun,
  find: async (tx: BillingTransaction, ids: readonly AccountId[]) =>
    (await findAccounts(tx, ids)).map(({ id, organizationId }) => ({ id, organizationId, accountId: id })),
};
export const SUBSCRIPTION = { kind: SubscriptionId, noun: "subscription", find: findSubscriptions };
export const PAYMENT_METHOD = { kind: PaymentMethodId, noun: "payment method", find: findMethodsEverKept };
export const INVOICE = { kind: InvoiceId, noun: "invoice", find: findInvoices };

/**
 * @param id as the client sent it
 * @param field input field that names it
 * @throws UserFailure `NOT_FOUND` when it is missing or in a foreign organisation, `FORBIDDEN` without `billing.manage`
 */
export async function findManaged<Prefix extends string, Entity extends { readonly organizationId: OrganizationId }>(
  { database }: Pick<BillingServices, "database">,
  identity: Principal,
  { kind, noun, find }: ManagedKind<Prefix, Entity>,
  id: string,
  field: string,
): Promise<Entity> {
  const missing = notFound(noun, field);
  const parsedId = kind.from(id);
  if (parsedId === undefined) throw missing;
  const [entity] = await readInTenants(database, tenantsOf(identity), (tx) => find(tx, [parsedId]));
  if (entity === undefined) throw missing;
  requirePermission(identity, entity.organizationId, MANAGE_BILLING, missing);
  return entity;
}
