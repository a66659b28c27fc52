import { useFragment } from "@apollo/client/react";
import {
  InvoiceFieldsFragmentDoc,
  PaymentFieldsFragmentDoc,
  type PaymentStatus,
} from "../../../schema/generated/operations.ts";
import { declineReason } from "./decline-reason.ts";
import type { PaymentState } from "./use-payment.ts";

export type PaymentOutcome =
  | { readonly kind: "none" }
  | { readonly kind: "processing" }
  | { readonly kind: "paid"; readonly invoiceNumber: string }
  | { readonly kind: "failed"; readonly reason: string };

/** What became of a payment. A slow card's outcome arrives as a live event, which updates the cache that this reads. */
export function usePaymentOutcome({ invoice, payment, problem }: PaymentState): PaymentOutcome {
  const liveInvoice = useFragment({
    fragment: InvoiceFieldsFragmentDoc,
    fragmentName: "InvoiceFields",
    from: invoice === undefined ? null : { __typename: "Invoice", id: invoice.id },
  });
  const livePayment = useFragment({
    fragment: PaymentFieldsFragmentDoc,
    from: payment === undefined ? null : { __typename: "Payment", id: payment.id },
  });
  const invoiceStatus = liveInvoice.dataState === "complete" ? liveInvoice.data?.status : invoice?.status;
  const current = livePayment.dataState === "complete" ? livePayment.data : payment;
  const status: PaymentStatus | undefined = current?.status;

  if (invoiceStatus === "PAID") return { kind: "paid", invoiceNumber: invoice?.number ?? "" };
  if (status === "FAILED") return { kind: "failed", reason: problem ?? declineReason(current?.failureCode ?? null) };
  if (problem !== undefined) return { kind: "failed", reason: problem };
  if (status === "PROCESSING") return { kind: "processing" };
  // The invoice follows its payment within a moment.
  return status === "SUCCEEDED" ? { kind: "paid", invoiceNumber: invoice?.number ?? "" } : { kind: "none" };
}
