/**
 * The printable documents of billing: `/documents/billing/invoices/<id>` and `…/credit-notes/<id>`. A link is judged
 * before anything is read, and then opens the one document that it was made for, of the organisation that is sealed
 * into it.
 */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import type { DocumentKind } from "../../../platform/documents/document.ts";
import type { PrintablePage } from "../../../platform/documents/printable-page.ts";
import type { Id, IdKind } from "../../../platform/ids.ts";
import { CreditNoteId, InvoiceId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import { findBillTo } from "../store/billing-details.ts";
import { findCreditNotes } from "../store/credit-notes.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findInvoices, findLinesOf } from "../store/invoices.ts";
import { creditNotePage } from "./credit-note-page.ts";
import type { DocumentName } from "./document-links.ts";
import type { DocumentSettings } from "./document-settings.ts";
import { invoicePage } from "./invoice-page.ts";
import { EXPIRED_PAGE, FORGED_PAGE, MISSING_PAGE } from "./refusal-pages.ts";

type Services = Pick<BillingServices, "database" | "documents">;

export function createDocuments(services: Services, seller: DocumentSettings): readonly DocumentKind[] {
  return [
    documentOf(services, "invoices", InvoiceId, async (tx, id) => {
      const [invoice] = await findInvoices(tx, [id]);
      if (invoice === undefined) return undefined;
      const [lines, billTo] = [await findLinesOf(tx, [id]), await findBillTo(tx, id)];
      return invoicePage({ seller, billTo, invoice, lines });
    }),
    documentOf(services, "credit-notes", CreditNoteId, async (tx, id) => {
      const [creditNote] = await findCreditNotes(tx, [id]);
      if (creditNote === undefined) return undefined;
      const [invoice] = await findInvoices(tx, [creditNote.invoiceId]);
      if (invoice === undefined) return undefined;
      // A credit note takes back from an invoice: it is made out to whom that was.
      return creditNotePage({ seller, billTo: await findBillTo(tx, invoice.id), creditNote, invoice });
    }),
  ];
}

/** @param print undefined where there is no such document */
function documentOf<Prefix extends string>(
  { database, documents }: Services,
  name: DocumentName,
  idKind: IdKind<Prefix>,
  print: (tx: BillingTransaction, id: Id<NoInfer<Prefix>>) => Promise<PrintablePage | undefined>,
): DocumentKind {
  const read = (organizationId: OrganizationId, id: Id<Prefix>) =>
    readInTenants(database, [organizationId], (tx) => print(tx, id));
  return {
    kind: name,
    async open({ id: text, query }) {
      const id = idKind.from(text);
      if (id === undefined) return MISSING_PAGE;
      const link = documents.read(name, id, query.get("token"));
      if (link.state === "FORGED") return FORGED_PAGE;
      if (link.state === "EXPIRED") return EXPIRED_PAGE;
      return (await read(link.organizationId, id)) ?? MISSING_PAGE;
    },
  };
}
