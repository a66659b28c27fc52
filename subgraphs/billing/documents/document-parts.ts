/** Pieces that invoices and credit notes have in common. Money is exact, dates are those of UTC in ISO 8601. */
import { type Markup, markup } from "../../../platform/documents/markup.ts";
import { writeMoney } from "../../../schema/money.ts";
import type { BillTo } from "../domain/billing-details.ts";
import { countryName } from "../domain/country.ts";
import { money } from "../domain/money.ts";
import type { DocumentSettings } from "./document-settings.ts";

/** Whose document it is, and for whom. */
export interface Parties {
  readonly seller: DocumentSettings;
  /** Undefined: nobody had said so when the invoice was issued. */
  readonly billTo: BillTo | undefined;
  readonly accountId: string;
}

const LANGUAGE = "en";

/** E.g. `€49.00`. */
export function amount(amountMinor: bigint, currency: string): string {
  return writeMoney(money(amountMinor, currency), LANGUAGE);
}

/** The day, e.g. `2026-11-28`. */
export function day(at: Date): string {
  return at.toISOString().slice(0, "2026-11-28".length);
}

/** From the first day to the day on which it ends; a line breaks between days alone. */
export function period(start: Date | null, end: Date | null): Markup | null {
  if (start === null || end === null) return null;
  return markup`<time>${day(start)}</time> – <time>${day(end)}</time>`;
}

export function parties({ seller, billTo, accountId }: Parties): Markup {
  return markup`<div class="parties">
<section class="party" aria-label="From">
<h2>From</h2>
${lines(sellerLines(seller))}
</section>
<section class="party" aria-label="Bill to">
<h2>Bill to</h2>
${lines(payerLines(billTo, accountId))}
</section>
</div>`;
}

/** Terms with what they are, those without anything left out. */
export function facts(rows: readonly (readonly [term: string, value: string | null])[]): Markup {
  const shown = rows.flatMap(([term, value]) => (value === null ? [] : [markup`<dt>${term}</dt><dd>${value}</dd>\n`]));
  return markup`<dl class="facts">
${shown}</dl>`;
}

function lines(texts: readonly string[]): Markup[] {
  return texts.map((text) => markup`<p>${text}</p>\n`);
}

function sellerLines({ BILLING_SELLER_NAME, BILLING_SELLER_ADDRESS, BILLING_SELLER_TAX_ID }: DocumentSettings) {
  const address = (BILLING_SELLER_ADDRESS ?? "").split(";").map((line) => line.trim());
  return [BILLING_SELLER_NAME, ...address.filter((line) => line !== ""), ...taxLines(BILLING_SELLER_TAX_ID)];
}

function payerLines(billTo: BillTo | undefined, accountId: string): string[] {
  if (billTo === undefined) return [`Billing account ${accountId}`];
  const { address, taxId } = billTo;
  if (address === null) return [`Billing account ${accountId}`, ...taxLines(taxId)];
  const { name, line1, line2, postalCode, city, region, country } = address;
  const town = [postalCode, city].filter((part) => part !== null).join(" ");
  return [
    ...[name, line1, line2, town, region, countryName(country)].filter((line) => line !== null),
    ...taxLines(taxId),
  ];
}

function taxLines(taxId: string | null | undefined): string[] {
  return taxId == null || taxId === "" ? [] : [`Tax id: ${taxId}`];
}
