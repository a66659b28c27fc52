import { useApolloClient } from "@apollo/client/react";
import { useState } from "react";
import { InvoiceDocumentDocument, type InvoiceFieldsFragment } from "../../../schema/generated/operations.ts";
import { describeProblem } from "../forms/describe-problem.ts";

/** Opens the printable page in a window of its own. Its link ends soon, so it is asked for when it is wanted. */
export function PrintInvoice({ invoice: { id, number } }: { readonly invoice: InvoiceFieldsFragment }) {
  const client = useApolloClient();
  const [problem, setProblem] = useState<string>();

  async function open(): Promise<void> {
    // At once, while the browser still knows that somebody asked for it.
    const opened = window.open("", "_blank");
    try {
      const { data } = await client.query({
        query: InvoiceDocumentDocument,
        variables: { id },
        fetchPolicy: "network-only",
      });
      const url = data?.invoice?.documentUrl;
      if (url === undefined) throw new Error("This invoice cannot be printed now.");
      setProblem(undefined);
      if (opened === null) window.location.assign(url);
      else opened.location.replace(url);
    } catch (error) {
      opened?.close();
      setProblem(describeProblem(error));
    }
  }

  return (
    <>
      <button type="button" className="button small" aria-label={`Print invoice ${number}`} onClick={() => void open()}>
        Print
      </button>
      {problem !== undefined && <span role="alert">{problem}</span>}
    </>
  );
}
