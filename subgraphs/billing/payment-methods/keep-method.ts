/**
 * Keeps what the provider attached. The same card is one method, however often it is attached: the newest handle of it
 * counts, and the other one is given up.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { BillingAccount, PaymentMethod } from "../domain/account.ts";
import { defaultMethodChanged, paymentMethodAttached } from "../domain-events.ts";
import type { AttachedMethod } from "../provider/payment-provider.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import {
  findSameCard,
  insertPaymentMethod,
  isMethodInUse,
  makeDefaultMethod,
  renewMethod,
} from "../store/payment-methods.ts";

type Keeping = Pick<BillingServices, "ids" | "provider" | "references">;

export interface NewMethod {
  /** Locked by the transaction. */
  readonly account: Pick<BillingAccount, "id" | "organizationId">;
  readonly attached: AttachedMethod;
}

/**
 * @param makeDefault an account's first method is the default in any case
 * @throws UserFailure `STATE_INVALID` for another handle of a card that a payment is under way with
 */
export async function keepMethod(
  services: Keeping,
  { tx, emit }: CommandScope<BillingTransaction>,
  { account, attached, makeDefault }: NewMethod & { readonly makeDefault: boolean },
): Promise<PaymentMethod> {
  const known = await renewSameCard(services, tx, { account, attached });
  if (known === undefined) {
    const kept = await insertMethod(services, tx, { account, attached }, { status: "ACTIVE", makeDefault });
    emit(paymentMethodAttached(kept));
    return kept;
  }
  if (!makeDefault || known.isDefault) return known;
  const chosen = await makeDefaultMethod(tx, known);
  emit(defaultMethodChanged(chosen));
  return chosen;
}

/**
 * For one payment: it is kept when that succeeds, and given up when it is declined (tried-method.ts).
 * @throws UserFailure as `keepMethod`
 */
export async function tryMethod(
  services: Keeping,
  { tx }: CommandScope<BillingTransaction>,
  method: NewMethod,
): Promise<PaymentMethod> {
  return (
    (await renewSameCard(services, tx, method)) ??
    (await insertMethod(services, tx, method, { status: "TRIED", makeDefault: false }))
  );
}

interface Kept {
  readonly status: PaymentMethod["status"];
  readonly makeDefault: boolean;
}

function insertMethod(
  { ids, provider, references }: Keeping,
  tx: BillingTransaction,
  { account, attached }: NewMethod,
  { status, makeDefault }: Kept,
): Promise<PaymentMethod> {
  const { id: accountId, organizationId } = account;
  const { kind, brand, last4, expMonth, expYear, fingerprint, reference } = attached;
  const shown = { kind, brand, last4, expMonth, expYear, fingerprint };
  const id = ids.next("pm");
  const method = { id, organizationId, accountId, provider: provider.name, status, ...shown };
  return insertPaymentMethod(tx, { ...method, ...references.seal(id, reference) }, makeDefault);
}

/** @returns the method of the same card, which has the new handle; undefined where the account has no such card */
async function renewSameCard(
  services: Keeping,
  tx: BillingTransaction,
  { account, attached }: NewMethod,
): Promise<PaymentMethod | undefined> {
  const { provider, references } = services;
  const { fingerprint, reference, expMonth, expYear } = attached;
  if (fingerprint === null) return undefined;
  const known = await findSameCard(tx, account.id, { provider: provider.name, fingerprint });
  if (known === undefined) return undefined;
  const former = references.open(known);
  if (former === reference) return known;
  const isSame = known.expMonth === expMonth && known.expYear === expYear;
  // A charge is asked for again with what it was asked with first.
  if (!isSame && (await isMethodInUse(tx, known.id))) {
    throw refuse("STATE_INVALID", "A payment with this card is under way: wait for its outcome.", "providerToken");
  }
  const unused = isSame ? reference : former;
  await insertMethod(
    services,
    tx,
    { account, attached: { ...attached, reference: unused } },
    { status: "DETACHING", makeDefault: false },
  );
  if (isSame) return known;
  return renewMethod(tx, known.id, { expMonth, expYear, ...references.seal(known.id, reference) });
}
