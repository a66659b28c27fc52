/** A credit note as it is printed. Pure. */
import { markup } from "../../../platform/documents/markup.ts";
import type { PrintablePage } from "../../../platform/documents/printable-page.ts";
import type { CreditNoteReason, CreditNoteStatus } from "../../../schema/generated/billing.ts";
import type { CreditNote } from "../domain/credit-note.ts";
import type { Invoice } from "../domain/invoice.ts";
import { amount, day, facts, type Parties, parties, period } from "./document-parts.ts";
import { DOCUMENT_STYLE } from "./document-style.ts";

export interface PrintedCreditNote extends Omit<Parties, "accountId"> {
  readonly creditNote: CreditNote;
  /** What it takes back from. */
  readonly invoice: Pick<Invoice, "number" | "issuedAt">;
}

const STATUS: Readonly<Record<CreditNoteStatus, string>> = {
  ISSUED: "Issued",
  VOID: "Void: taken back",
};

const REASON: Readonly<Record<CreditNoteReason, string>> = {
  PLAN_CHANGED: "Another plan or quantity was chosen within a paid period",
  PLAN_CANCELED: "The plan was ended within a paid period",
  PLAN_PAUSED: "The plan was paused within a paid period",
  REFUNDED: "The payment was given back",
};

const USE = {
  credit: "The account has this amount as credit: the next invoices take it before anything is charged.",
  refund: "This amount goes back to where the payment came from.",
};

export function creditNotePage({ seller, billTo, creditNote, invoice }: PrintedCreditNote): PrintablePage {
  const { number, status, reason, accountId, currency, totalMinor, periodStart, periodEnd, issuedAt } = creditNote;
  const title = `Credit note ${number}`;
  return {
    status: 200,
    title: `${title} – ${seller.BILLING_SELLER_NAME}`,
    style: DOCUMENT_STYLE,
    body: markup`<main>
<h1>${title}</h1>
${parties({ seller, billTo, accountId })}
${facts([
  ["Number", number],
  ["Issued", day(issuedAt)],
  ["Status", STATUS[status]],
  ["Invoice", `${invoice.number} of ${day(invoice.issuedAt)}`],
])}
<table>
<thead>
<tr><th scope="col">Reason</th><th scope="col">Period</th><th scope="col" class="amount">Amount</th></tr>
</thead>
<tbody>
<tr><td>${REASON[reason]}</td><td>${period(periodStart, periodEnd)}</td><td class="amount">${amount(totalMinor, currency)}</td></tr>
</tbody>
<tfoot>
<tr class="total"><th scope="row" colspan="2">Total credited</th><td class="amount">${amount(totalMinor, currency)}</td></tr>
</tfoot>
</table>
<p class="note">${reason === "REFUNDED" ? USE.refund : USE.credit}</p>
</main>`,
  };
}
