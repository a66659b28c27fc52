/**
 * Pages for people that a subgraph serves at the gateway, `GET /documents/<subgraph>/<kind>/<id>?…`: to be printed, or
 * kept. Nobody signs in for them. The address itself says what may be opened, by what the subgraph sealed into it.
 */
import { type PrintablePage, renderPage, type WrittenPage } from "./printable-page.ts";

export interface DocumentRequest {
  readonly id: string;
  /** What the address says behind its `?`. */
  readonly query: URLSearchParams;
}

export interface DocumentKind {
  /** The last part but one of its address. */
  readonly kind: string;
  /** Changes nothing: programs open addresses, too. @returns the page, or one that says why there is none */
  open(request: DocumentRequest): Promise<PrintablePage>;
}

/**
 * @returns undefined where no subgraph has such documents
 * @throws AppError
 */
export type DocumentSource = (
  subgraph: string,
  kind: string,
  request: DocumentRequest,
) => Promise<WrittenPage | undefined>;

/** Of subgraphs in this process. */
export function localDocuments(
  subgraphs: readonly { readonly name: string; readonly documents?: readonly DocumentKind[] }[],
): DocumentSource {
  return async (subgraph, kind, request) => {
    const documents = subgraphs.find(({ name }) => name === subgraph)?.documents ?? [];
    const found = documents.find((each) => each.kind === kind);
    return found === undefined ? undefined : renderPage(await found.open(request));
  };
}
