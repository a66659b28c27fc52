/**
 * One operation beside the cache: for signing in and out and for refreshing, which must not wait for a token
 * themselves.
 */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type { FormattedExecutionResult } from "graphql";
import { clientNameHeaders } from "../app/client-name.ts";
import { nameDocument } from "./named-document.ts";
import { operationId, operationText } from "./registered-operation.ts";

const DEADLINE_MS = 15_000;

/** @throws when the gateway cannot be reached in time or answers something else than GraphQL: worth a later retry */
export async function sendOperation<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  accessToken?: string,
): Promise<FormattedExecutionResult<Data>> {
  const named = nameDocument(operationText(document), operationId(document));
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for (;;) {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json, application/json",
        ...clientNameHeaders,
        ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      },
      // Signing out must not depend on this page staying open.
      keepalive: true,
      body: JSON.stringify({ ...named.request(), variables }),
      signal,
    });
    const result: FormattedExecutionResult<Data> = await response.json();
    if (!named.answered(result.errors?.[0]?.extensions?.["code"])) return result;
  }
}
