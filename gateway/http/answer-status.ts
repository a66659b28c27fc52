/**
 * The HTTP status of a GraphQL answer. An operation that was executed succeeded as a request, whatever its fields met:
 * errors in its answer are data, and a subgraph's codes and `extensions.http` say nothing about our exchange with the
 * client. Only an answer without a `data` entry was refused, and has the status of its refusal. Source: GraphQL over
 * HTTP (draft of August 2026), "Status Codes" and "Partial success".
 */
import type { HTTPGraphQLHead } from "@apollo/server";
import type { FormattedExecutionResult } from "graphql";
import { statusOf } from "../errors/public-error.ts";

const OK = 200;
/** Data, also null, beside errors. Recommended by the draft, and for its own media type alone. */
const PARTIAL_SUCCESS = 294;
const PARTIAL_SUCCESS_REASON = "Partial Success";
const GRAPHQL_RESPONSE = "application/graphql-response+json";

/**
 * Sets the status of an answer, in place of what Apollo Server took from `extensions.http` of its errors. Of an
 * executed operation it takes away such headers, too: they may be a subgraph's.
 */
export function setStatus(head: HTTPGraphQLHead, { data, errors }: FormattedExecutionResult): void {
  if (data !== undefined) {
    head.headers.clear();
    head.status = errors === undefined ? OK : PARTIAL_SUCCESS;
    return;
  }
  // A status that Apollo Server chose itself (405 for a mutation by GET) says more.
  if (errors !== undefined && (head.status === undefined || head.status >= 500)) head.status = statusOf(errors);
}

/** The status line of an answer in this media type: clients of plain JSON know no partial success. */
export function statusLine(
  status: number | undefined,
  contentType: string | undefined,
): { readonly status: number; readonly reason?: string } {
  if (status !== PARTIAL_SUCCESS) return { status: status ?? OK };
  if (contentType?.startsWith(GRAPHQL_RESPONSE) !== true) return { status: OK };
  return { status, reason: PARTIAL_SUCCESS_REASON };
}
