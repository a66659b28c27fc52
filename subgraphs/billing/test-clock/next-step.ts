/** What the time of an account brings next: what is due at the moment, or the moment at which something is due. */
import type { BillingAccount } from "../domain/account.ts";
import type { InvoiceId, SubscriptionId } from "../domain/ids.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findOverdueInvoices } from "../store/invoices.ts";
import { findRunningSubscriptions } from "../store/subscriptions.ts";

export type Step =
  | { readonly kind: "SUBSCRIPTION"; readonly id: SubscriptionId }
  | { readonly kind: "INVOICE"; readonly id: InvoiceId }
  /** Nothing is due before. */
  | { readonly kind: "MOVE"; readonly to: Date };

export interface MovingClock {
  readonly now: Date;
  readonly target: Date;
}

/** @returns undefined when the time is where it was moved to, and nothing is due */
export async function nextStep(
  tx: BillingTransaction,
  { id: accountId }: Pick<BillingAccount, "id">,
  { now, target }: MovingClock,
): Promise<Step | undefined> {
  const subscriptions = await findRunningSubscriptions(tx, accountId);
  const invoices = await findOverdueInvoices(tx, accountId);
  const moments = [
    ...subscriptions.map(({ id, currentPeriodEnd, surplus }) => {
      return { kind: "SUBSCRIPTION" as const, id, at: surplus ? now : currentPeriodEnd };
    }),
    ...invoices.flatMap(({ id, retryAt, dunningEndsAt }) => {
      const at = retryAt ?? dunningEndsAt;
      return at === null ? [] : [{ kind: "INVOICE" as const, id, at }];
    }),
  ].sort((one, other) => one.at.getTime() - other.at.getTime());
  const [first] = moments;
  if (first !== undefined && first.at <= now) return first;
  const to = first !== undefined && first.at < target ? first.at : target;
  return to > now ? { kind: "MOVE", to } : undefined;
}
