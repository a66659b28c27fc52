import type { BillingTables, InvoiceModel } from "../../../prisma/billing/client.ts";
import type { Invoice } from "../domain/invoice.ts";

function toInvoice({ id }: InvoiceModel): Invoice {
  return { id };
}

export async function findInvoice({ invoice }: BillingTables): Promise<Invoice> {
  return toInvoice(await invoice.findFirst());
}
