export interface InvoiceModel {
  id: string;
  internalNote: string;
}

export interface BillingTables {
  readonly invoice: { findFirst(): Promise<InvoiceModel> };
}
