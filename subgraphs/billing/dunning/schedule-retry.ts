/** An invoice of a plan could not be collected: it is tried again for a while, in which the plan goes on. */
import type { CommandScope } from "../../../platform/database/command.ts";
import { GRACE_MS, nextRetry } from "../domain/dunning.ts";
import type { Invoice } from "../domain/invoice.ts";
import { invoiceOverdue } from "../domain-events.ts";
import type { BillingTransaction } from "../store/database.ts";
import { setDunning } from "../store/invoices.ts";

export interface Failure {
  /** OPEN and locked behind its account. */
  readonly invoice: Invoice;
  /** Null: there was no card. */
  readonly failureCode: string | null;
  readonly at: Date;
}

export async function scheduleRetry(
  { tx, emit }: CommandScope<BillingTransaction>,
  { invoice, failureCode, at }: Failure,
): Promise<Invoice> {
  const dunningEndsAt = invoice.dunningEndsAt ?? new Date(at.getTime() + GRACE_MS);
  const since = new Date(dunningEndsAt.getTime() - GRACE_MS);
  const retryAt = nextRetry({ failureCode, since, at });
  const overdue = await setDunning(tx, invoice.id, { retryAt, dunningEndsAt }, at);
  emit(invoiceOverdue(overdue, { retryAt, dunningEndsAt, failureCode }));
  return overdue;
}
