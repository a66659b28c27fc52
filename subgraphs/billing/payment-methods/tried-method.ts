/** What becomes of a card that a payment tried out: one that paid is kept, one that was declined is given up. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { Payment } from "../domain/payment.ts";
import { paymentMethodAttached } from "../domain-events.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findDefaultMethod, findSameCard, findTriedMethod, settleMethod } from "../store/payment-methods.ts";

/** @param payment settled, its account locked by the transaction */
export async function settleTriedMethod(
  { tx, emit }: CommandScope<BillingTransaction>,
  { paymentMethodId, status }: Pick<Payment, "paymentMethodId" | "status">,
): Promise<void> {
  const tried = await findTriedMethod(tx, paymentMethodId);
  if (tried === undefined) return;
  const { id, accountId, provider, fingerprint } = tried;
  const isKnown = fingerprint !== null && (await findSameCard(tx, accountId, { provider, fingerprint })) !== undefined;
  if (status === "FAILED" || isKnown) {
    await settleMethod(tx, id, { status: "DETACHING", isDefault: false });
    return;
  }
  const isDefault = (await findDefaultMethod(tx, accountId)) === undefined;
  emit(paymentMethodAttached(await settleMethod(tx, id, { status: "ACTIVE", isDefault })));
}
