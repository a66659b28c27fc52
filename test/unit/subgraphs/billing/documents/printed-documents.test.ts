import { expect, test } from "vitest";
import { OrganizationId } from "../../../../../platform/auth/principal-ids.ts";
import { renderPage } from "../../../../../platform/documents/printable-page.ts";
import { creditNotePage } from "../../../../../subgraphs/billing/documents/credit-note-page.ts";
import { invoicePage } from "../../../../../subgraphs/billing/documents/invoice-page.ts";
import { EXPIRED_PAGE, FORGED_PAGE, MISSING_PAGE } from "../../../../../subgraphs/billing/documents/refusal-pages.ts";
import type { CreditNote } from "../../../../../subgraphs/billing/domain/credit-note.ts";
import { AccountId, CreditNoteId, InvoiceId, InvoiceLineId } from "../../../../../subgraphs/billing/domain/ids.ts";
import type { Invoice, InvoiceLine } from "../../../../../subgraphs/billing/domain/invoice.ts";

const UUID = "01936b2e-25e6-7c9b-86be-0fb773433c28";
const organizationId = OrganizationId.require(`org_${UUID}`);
const accountId = AccountId.require(`acc_${UUID}`);
const seller = {
  BILLING_DOCUMENTS_URL: "https://tributary.example",
  BILLING_SELLER_NAME: "Tributary <Ltd>",
  BILLING_SELLER_ADDRESS: "2 River Street; 1010 Vienna ;; Austria",
  BILLING_SELLER_TAX_ID: "ATU12345678",
};
const billTo = {
  taxId: "DE123456789",
  address: {
    ...{ name: "Ada & <script>alert(1)</script>", line1: "1 Main Street", line2: null, postalCode: "10115" },
    ...{ city: "Berlin", region: null, country: "DE" },
  },
};
const start = new Date("2026-11-28T10:00:00Z");
const end = new Date("2026-12-28T10:00:00Z");
const invoice: Invoice = {
  ...{ id: InvoiceId.require(`inv_${UUID}`), organizationId, accountId, subscriptionId: null },
  ...{ number: "2026-000001", status: "OPEN", currency: "EUR", version: 1 },
  ...{ subtotalMinor: 12_000n, taxMinor: 2_400n, totalMinor: 14_400n, creditMinor: 1_000n },
  ...{ issuedAt: start, dueAt: end, paidAt: null, creditedMinor: 0n, retryAt: null, dunningEndsAt: null },
};
const line: InvoiceLine = {
  ...{ id: InvoiceLineId.require(`lin_${UUID}`), organizationId, invoiceId: invoice.id },
  ...{ description: "Team", quantity: 3n, currency: "EUR", unitAmountMinor: 4_000n, amountMinor: 12_000n },
  ...{ proration: false, periodStart: start, periodEnd: end },
};

/** What a reader sees. */
const shown = (html: string) =>
  html
    .slice(html.indexOf("<body>"))
    .replaceAll(/<\/?time>/g, "")
    .replaceAll(/<[^>]*>/g, "\n")
    .replaceAll(/\n+/g, "\n");

test("an invoice shows who, to whom, when, for what and how much", () => {
  const { html } = renderPage(invoicePage({ seller, billTo, invoice, lines: [line] }));
  const text = shown(html);
  for (const part of [
    ...[
      "Invoice 2026-000001",
      "Tributary &lt;Ltd&gt;",
      "2 River Street",
      "1010 Vienna",
      "Austria",
      "Tax id: ATU12345678",
    ],
    ...["1 Main Street", "10115 Berlin", "Germany", "Tax id: DE123456789", "Open: to be paid"],
    ...[
      "2026-11-28",
      "2026-12-28",
      "2026-11-28 – 2026-12-28",
      "Team",
      "\n3\n",
      "€40.00",
      "€120.00",
      "€24.00",
      "€144.00",
    ],
    ...["Credit used", "-€10.00", "€134.00"],
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("Paid on");
  expect(html).not.toContain("<script>alert");
  expect(html).toContain("Ada &amp; &lt;script&gt;alert(1)&lt;/script&gt;");
});

test("a paid invoice says when and how much, and a void one that nothing is owed", () => {
  const paid = invoicePage({ seller, billTo, invoice: { ...invoice, status: "PAID", paidAt: end }, lines: [line] });
  expect(shown(renderPage(paid).html)).toMatch(
    /Paid on\n2026-12-28[\s\S]*Amount paid\n€134\.00[\s\S]*Amount due\n€0\.00/,
  );
  const gone = invoicePage({ seller, billTo, invoice: { ...invoice, status: "VOID" }, lines: [line] });
  expect(shown(renderPage(gone).html)).toMatch(
    /Void: nothing is owed[\s\S]*Amount paid\n€0\.00[\s\S]*Amount due\n€0\.00/,
  );
});

test("a currency without decimals, one with three and an amount beyond floats are written to the last digit", () => {
  const printed = (currency: string, totalMinor: bigint) =>
    shown(
      renderPage(
        invoicePage({
          ...{ seller, billTo, lines: [{ ...line, currency, proration: true }] },
          invoice: { ...invoice, currency, totalMinor, creditMinor: 0n },
        }),
      ).html,
    );
  expect(printed("JPY", 14_400n)).toContain("¥14,400");
  expect(printed("KWD", 14_401n).replaceAll(/\s/g, " ")).toContain("KWD 14.401");
  expect(printed("EUR", 9_007_199_254_740_993_01n)).toContain("€9,007,199,254,740,993.01");
  expect(printed("EUR", 1n)).not.toContain("Credit used");
});

test("an invoice that was made out to nobody names its account", () => {
  const { html } = renderPage(invoicePage({ seller, billTo: undefined, invoice, lines: [] }));
  expect(shown(html)).toContain(`Billing account ${accountId}`);
});

test("a credit note shows what it takes back from, and how much", () => {
  const creditNote: CreditNote = {
    ...{ id: CreditNoteId.require(`cn_${UUID}`), organizationId, accountId, invoiceId: invoice.id },
    ...{ invoiceLineId: line.id, number: "CN-2026-000001", status: "ISSUED", reason: "PLAN_CHANGED", currency: "EUR" },
    ...{ totalMinor: 5_000n, periodStart: start, periodEnd: end, issuedAt: start, version: 1 },
  };
  const text = shown(renderPage(creditNotePage({ seller, billTo, creditNote, invoice })).html);
  for (const part of ["Credit note CN-2026-000001", "2026-000001 of 2026-11-28", "€50.00", "Another plan", "Germany"]) {
    expect(text).toContain(part);
  }
});

test("pages in the place of a document say what to do, and not whether there is one", () => {
  expect([FORGED_PAGE, EXPIRED_PAGE, MISSING_PAGE].map(({ status }) => status)).toEqual([403, 410, 404]);
  for (const page of [FORGED_PAGE, EXPIRED_PAGE, MISSING_PAGE]) {
    expect(shown(renderPage(page).html)).toContain("makes a new link");
  }
});
