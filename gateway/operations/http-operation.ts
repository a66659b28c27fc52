/**
 * A request to `/graphql` with its parameters checked, and its document in place of the document's name. Whoever reads
 * the request after this sees one reading of it: what was checked is what runs.
 */
import { GraphQLError } from "graphql";
import { isJsonObject, type JsonObject } from "../transport/json-object.ts";
import type { ClientName } from "./client-name.ts";
import type { ReceivedOperation, ReceivedOperations } from "./received-operations.ts";
import { parametersOfAddress, parametersOfJson, type RequestParameters } from "./request-parameters.ts";

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
  /** Absent where there is no GraphQL request to read: no JSON object in the body, nothing in the address. */
  readonly parameters?: RequestParameters;
  /** Present when the document is known. */
  readonly received?: ReceivedOperation;
  /** Why it must not run. */
  readonly refused?: GraphQLError;
}

/** Never rejects for what a client sent. */
export async function receiveHttp(
  operations: ReceivedOperations,
  { method, body, search, client }: HttpOperationRequest,
): Promise<HttpOperation> {
  try {
    const parameters = method === "GET" ? ofAddress(search) : ofBody(body);
    if (parameters === undefined) return {};
    const { query, documentId, extensions } = parameters;
    const found = operations.receive({ query, documentId, extensions, client });
    const received = found instanceof Promise ? await found : found;
    return { parameters: withText(parameters, received.text), received };
  } catch (error) {
    if (error instanceof GraphQLError) return { refused: error };
    throw error;
  }
}

const ofAddress = (search: string) => (search === "" ? undefined : parametersOfAddress(new URLSearchParams(search)));
const ofBody = (body: unknown) => (isJsonObject(body) ? parametersOfJson(body) : undefined);

function withText(parameters: RequestParameters, query: string): RequestParameters {
  const { extensions } = parameters;
  if (extensions === undefined || !("persistedQuery" in extensions)) {
    return { ...parameters, query, documentId: undefined };
  }
  return { ...parameters, query, documentId: undefined, extensions: withoutName(extensions) };
}

/** Extensions for others, e.g. the cursor that a live stream resumes behind. */
function withoutName({ persistedQuery: _named, ...rest }: JsonObject): JsonObject | undefined {
  return Object.keys(rest).length === 0 ? undefined : rest;
}
