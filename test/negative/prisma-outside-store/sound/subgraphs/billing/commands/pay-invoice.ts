import type { Invoice } from "../domain/invoice.ts";
import { findInvoice } from "../store/invoices.ts";

type Transaction = Parameters<typeof findInvoice>[0];

export function payInvoice(tx: Transaction): Promise<Invoice> {
  return findInvoice(tx);
}
