/** Pages in the place of a document, which say what to do. They tell nobody whether there is one. */
import { markup } from "../../../platform/documents/markup.ts";
import type { PrintablePage } from "../../../platform/documents/printable-page.ts";
import { DOCUMENT_STYLE } from "./document-style.ts";

const AGAIN = "Open your organisation's billing page, and choose “Print” at the invoice: that makes a new link.";

export const FORGED_PAGE = refusal(403, "This link is not valid", `It is not complete, or was changed. ${AGAIN}`);

export const EXPIRED_PAGE = refusal(410, "This link has ended", `A link is good for 15 minutes. ${AGAIN}`);

export const MISSING_PAGE = refusal(404, "There is no such document", `Check the address. ${AGAIN}`);

function refusal(status: number, title: string, text: string): PrintablePage {
  return {
    status,
    title,
    style: DOCUMENT_STYLE,
    body: markup`<main>
<h1>${title}</h1>
<p>${text}</p>
</main>`,
  };
}
