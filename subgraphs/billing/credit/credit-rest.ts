/** Credits what is left of what a line charged for its period. The database refuses a second credit of a line. */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { CreditNoteReason } from "../../../schema/generated/billing.ts";
import { restOfLine } from "../domain/change-quote.ts";
import type { CreditNote } from "../domain/credit-note.ts";
import type { AccountId } from "../domain/ids.ts";
import type { PaidLine } from "../domain/invoice.ts";
import type { BillingServices } from "../services.ts";
import { changeCredit } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { issueCreditNote } from "./issue-credit-note.ts";

export interface CreditedRest {
  /** Its account is locked by the transaction; undefined: nothing was charged. */
  readonly line: PaidLine | undefined;
  readonly accountId: AccountId;
  readonly reason: Exclude<CreditNoteReason, "REFUNDED">;
  /** From when on nothing of it is used. */
  readonly from: Date;
}

/** @returns undefined when nothing is left */
export async function creditRest(
  services: Pick<BillingServices, "ids" | "clock">,
  scope: CommandScope<BillingTransaction>,
  { line, accountId, reason, from: periodStart }: CreditedRest,
): Promise<CreditNote | undefined> {
  if (line?.periodEnd == null) return undefined;
  const totalMinor = restOfLine(line, periodStart);
  if (totalMinor === 0n) return undefined;
  const { organizationId, invoiceId, id: invoiceLineId, currency, periodEnd } = line;
  const credited = { organizationId, accountId, invoiceId, invoiceLineId, currency, totalMinor };
  const creditNote = await issueCreditNote(services, scope, { ...credited, reason, periodStart, periodEnd });
  await changeCredit(scope.tx, accountId, totalMinor, creditNote.issuedAt);
  return creditNote;
}
