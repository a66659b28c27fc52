import { useEffect, useRef } from "react";
import type { InvoiceFieldsFragment, PaymentMethodFieldsFragment } from "../../../schema/generated/operations.ts";
import { formatMoney } from "../format/money.ts";
import { PaymentPanel } from "./payment-panel.tsx";

interface PayInvoiceDialogProps {
  readonly accountId: string;
  readonly invoice: InvoiceFieldsFragment;
  readonly methods: readonly PaymentMethodFieldsFragment[];
  readonly onClose: () => void;
}

/** A modal dialog: the browser keeps the focus inside, closes it by Escape and gives the focus back. */
export function PayInvoiceDialog({ accountId, invoice, methods, onClose }: PayInvoiceDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const title = `pay-${invoice.id}`;
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={onClose}>
      <h2 id={title}>Pay invoice {invoice.number}</h2>
      <PaymentPanel
        accountId={accountId}
        purpose={{ kind: "invoice", invoiceId: invoice.id }}
        methods={methods}
        amount={formatMoney(invoice.amountDue)}
        after={null}
      />
      <form method="dialog">
        <button type="submit" className="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
