/**
 * A request to `/graphql` with its document in place of the document's name. Whoever reads the request after this sees one parse of it:
 * what was checked is what runs.
 */
import { GraphQLError } from "graphql";
import { isJsonObject } from "../transport/json-object.ts";
import type { ClientName } from "./client-name.ts";
import type { ReceivedOperation, ReceivedOperations } from "./received-operations.ts";
import { malformed } from "./refusals.ts";

export interface HttpOperationRequest {
  readonly method: string;
  /** The JSON body, parsed. */
  readonly body: unknown;
  /** What follows the path in the address, with its `?`; empty when there is nothing. */
  readonly search: string;
  readonly client: ClientName | undefined;
}

/** The request that is left to be answered. */
export interface HttpOperation {
  readonly body: unknown;
  /** The address' fields; a list where one was given several times. */
  readonly query: Readonly<Record<string, unknown>>;
  readonly search: string;
  /** Absent where the request names no operation at all. */
  readonly received?: ReceivedOperation;
  /** Why it must not run. */
  readonly refused?: GraphQLError;
}

/** Never rejects for what a client sent. */
export async function receiveHttp(
  operations: ReceivedOperations,
  { method, body, search, client }: HttpOperationRequest,
): Promise<HttpOperation> {
  const params = new URLSearchParams(search);
  const request = { body, query: search === "" ? {} : fieldsOf(params), search };
  const get = method === "GET";
  const holder = get ? request.query : body;
  if (!isJsonObject(holder)) return request;
  const { query, documentId, extensions: given } = holder;
  // Readers differ in which of several they take: what is checked has to be what runs.
  if (get && [query, documentId, given].some(Array.isArray)) {
    return { ...request, refused: malformed("Give `query`, `documentId` and `extensions` at most once each.") };
  }
  const extensions = get ? parsed(given) : given;
  try {
    const found = operations.receive({ query, documentId, extensions, client });
    const received = found instanceof Promise ? await found : found;
    if (received === undefined) return request;
    const named = documentId !== undefined || (isJsonObject(extensions) && "persistedQuery" in extensions);
    if (!named) return { ...request, received };
    return get
      ? { ...inAddress(params, received.text, extensions), body, received }
      : { ...request, body: inBody(holder, received.text, extensions), received };
  } catch (error) {
    if (error instanceof GraphQLError) return { ...request, refused: error };
    throw error;
  }
}

function inBody(body: Record<string, unknown>, query: string, given: unknown): Record<string, unknown> {
  const { documentId: _id, extensions: _extensions, ...rest } = body;
  const extensions = withoutName(given);
  return { ...rest, query, ...(extensions === undefined ? {} : { extensions }) };
}

function inAddress(params: URLSearchParams, query: string, given: unknown): Pick<HttpOperation, "query" | "search"> {
  const extensions = withoutName(given);
  params.delete("documentId");
  params.set("query", query);
  if (extensions === undefined) params.delete("extensions");
  else params.set("extensions", JSON.stringify(extensions));
  return { query: fieldsOf(params), search: `?${params}` };
}

/** Extensions for others, e.g. the cursor that a live stream resumes behind. */
function withoutName(extensions: unknown): Record<string, unknown> | undefined {
  if (!isJsonObject(extensions)) return undefined;
  const { persistedQuery: _named, ...rest } = extensions;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

function fieldsOf(params: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const values = params.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

/** What is no JSON is refused where the rest of the request is read. */
function parsed(text: unknown): unknown {
  if (typeof text !== "string" || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
