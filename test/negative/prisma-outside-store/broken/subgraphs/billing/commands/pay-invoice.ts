import type { BillingTables, InvoiceModel } from "../../../prisma/billing/client.ts";

export function payInvoice({ invoice }: BillingTables): Promise<InvoiceModel> {
  return invoice.findFirst();
}
