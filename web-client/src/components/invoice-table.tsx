import type { InvoiceFieldsFragment } from "../../../schema/generated/operations.ts";
import { formatMoney } from "../format/money.ts";
import { formatDate } from "../format/time.ts";
import { PrintInvoice } from "./print-invoice.tsx";
import { StatusBadge } from "./status-badge.tsx";

interface InvoiceTableProps {
  readonly invoices: readonly InvoiceFieldsFragment[];
  /** Absent for viewers who may not pay. */
  readonly onPay?: ((invoice: InvoiceFieldsFragment) => void) | undefined;
}

export function InvoiceTable({ invoices, onPay }: InvoiceTableProps) {
  return (
    <table className="invoices">
      <caption className="visually-hidden">Invoices, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Invoice</th>
          <th scope="col">Date</th>
          <th scope="col" className="number">
            Amount
          </th>
          <th scope="col">Status</th>
          <th scope="col">
            <span className="visually-hidden">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {invoices.map((invoice) => (
          <tr key={invoice.id}>
            <th scope="row">{invoice.number}</th>
            <td>{formatDate(invoice.issuedAt)}</td>
            <td className="number">{formatMoney(invoice.total)}</td>
            <td>
              <StatusBadge status={invoice.status} />
            </td>
            <td className="action">
              <PrintInvoice invoice={invoice} />
              {invoice.status === "OPEN" && onPay !== undefined && (
                <button
                  type="button"
                  className="button small"
                  aria-label={`Pay invoice ${invoice.number}`}
                  onClick={() => onPay(invoice)}
                >
                  Pay
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
