/** An invoice as it is printed. Pure. */
import { type Markup, markup } from "../../../platform/documents/markup.ts";
import type { PrintablePage } from "../../../platform/documents/printable-page.ts";
import type { InvoiceStatus } from "../../../schema/generated/billing.ts";
import { amountDue, type Invoice, type InvoiceLine } from "../domain/invoice.ts";
import { amount, day, facts, type Parties, parties, period } from "./document-parts.ts";
import { DOCUMENT_STYLE } from "./document-style.ts";

export interface PrintedInvoice extends Omit<Parties, "accountId"> {
  readonly invoice: Invoice;
  readonly lines: readonly InvoiceLine[];
}

const STATUS: Readonly<Record<InvoiceStatus, string>> = {
  DRAFT: "Draft: not issued yet",
  OPEN: "Open: to be paid",
  PAID: "Paid",
  VOID: "Void: nothing is owed",
  UNCOLLECTIBLE: "Given up: nothing will be collected",
};

export function invoicePage({ seller, billTo, invoice, lines }: PrintedInvoice): PrintablePage {
  const { number, status, accountId, issuedAt, dueAt, paidAt } = invoice;
  const title = `Invoice ${number}`;
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
  ["Due", day(dueAt)],
  ["Status", STATUS[status]],
  ["Paid on", paidAt === null ? null : day(paidAt)],
])}
<table>
<thead>
<tr><th scope="col">Description</th><th scope="col">Period</th><th scope="col" class="amount">Quantity</th><th scope="col" class="amount">Unit price</th><th scope="col" class="amount">Amount</th></tr>
</thead>
<tbody>
${lines.map(lineRow)}</tbody>
<tfoot>
${totals(invoice)}</tfoot>
</table>
</main>`,
  };
}

function lineRow({ description, quantity, currency, unitAmountMinor, amountMinor, proration, ...line }: InvoiceLine) {
  const share = proration ? " (part of a period)" : "";
  return markup`<tr><td>${description}${share}</td><td>${period(line.periodStart, line.periodEnd)}</td><td class="amount">${quantity.toString()}</td><td class="amount">${amount(unitAmountMinor, currency)}</td><td class="amount">${amount(amountMinor, currency)}</td></tr>
`;
}

function totals(invoice: Invoice): Markup[] {
  const { status, currency, subtotalMinor, taxMinor, totalMinor, creditMinor } = invoice;
  const paidMinor = status === "PAID" ? totalMinor - creditMinor : 0n;
  return [
    totalRow("Subtotal", amount(subtotalMinor, currency)),
    totalRow("Tax", amount(taxMinor, currency)),
    totalRow("Total", amount(totalMinor, currency), "total"),
    ...(creditMinor === 0n ? [] : [totalRow("Credit used", amount(-creditMinor, currency))]),
    totalRow("Amount paid", amount(paidMinor, currency)),
    totalRow("Amount due", amount(amountDue(invoice), currency), "total"),
  ];
}

function totalRow(label: string, value: string, className: "total" | "part" = "part"): Markup {
  return markup`<tr class="${className}"><th scope="row" colspan="4">${label}</th><td class="amount">${value}</td></tr>
`;
}
