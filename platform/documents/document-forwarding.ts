/**
 * Documents of subgraphs in other processes: asked for with nothing but their address, of the first process that can be
 * reached. It is asked again where an answer was lost: opening a document changes nothing.
 */
import { AppError } from "../errors/app-error.ts";
import { firstAnswer } from "../http/first-answer.ts";
import type { DocumentSource } from "./document.ts";

const TIMEOUT_MS = 10_000;
const POLICY = "content-security-policy";

/** @param addresses of each subgraph, without a path, in the order in which they are tried */
export function forwardDocuments(addresses: ReadonlyMap<string, () => readonly string[]>): DocumentSource {
  return async (subgraph, kind, { id, query }) => {
    const own = addresses.get(subgraph)?.();
    if (own === undefined) return undefined;
    const path = ["documents", subgraph, kind, id].map((part) => `/${encodeURIComponent(part)}`).join("");
    try {
      const response = await firstAnswer({
        addresses: own,
        path: `${path}?${query}`,
        init: { method: "GET" },
        timeoutMs: TIMEOUT_MS,
      });
      const html = await response.text();
      const policy = response.headers.get(POLICY);
      if (policy !== null && isHtml(response)) return { status: response.status, html, policy };
      if (response.status === 404) return undefined;
      throw new Error(`${subgraph} answered ${response.status}`);
    } catch (cause) {
      const message = "The document cannot be shown at the moment: open it again shortly.";
      throw new AppError("SERVICE_UNAVAILABLE", message, { cause });
    }
  };
}

function isHtml({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("text/html") === true;
}
