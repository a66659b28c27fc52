/** What a request for a stream asks: the operation from a POST body or a GET's query, and where to resume. */
import { type DocumentNode, GraphQLError, getOperationAST, type OperationTypeNode } from "graphql";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { HttpExchange } from "../../ports.ts";
import { type OperationPayload, resumeCursor } from "../socket/operations.ts";

export interface StreamRequest extends OperationPayload {
  /** Cursor that a reconnecting reader sent: newer than anything its unchanged document or address may hold. */
  readonly lastEventId: string | undefined;
  readonly resume: string | undefined;
}

/** @throws AppError `BAD_REQUEST` for what is no GraphQL request at all */
export function readStreamRequest({ method, headers, query, body }: HttpExchange): StreamRequest {
  const address = fieldsOf(query);
  const fields = method === "GET" ? address : fieldsOf(body);
  const text = fields.get("query");
  if (typeof text !== "string") {
    throw new AppError(
      "BAD_REQUEST",
      "Send the operation as `query`, by POST as application/json or in a GET's address.",
    );
  }
  const extensions = mapOf(fields.get("extensions"), "extensions");
  const sent = headers["last-event-id"];
  const inAddress = address.get("lastEventId");
  const operationName = fields.get("operationName");
  return {
    query: text,
    operationName: typeof operationName === "string" && operationName !== "" ? operationName : undefined,
    variables: mapOf(fields.get("variables"), "variables"),
    extensions,
    lastEventId: typeof sent === "string" && sent !== "" ? sent : undefined,
    resume: resumeCursor(extensions) ?? (typeof inAddress === "string" && inAddress !== "" ? inAddress : undefined),
  };
}

/** Kind of the operation that would run; `undefined` when that cannot be said, which is reported where it is run. */
export function kindOf(
  { query, operationName }: OperationPayload,
  parseDocument: (query: string) => DocumentNode,
): OperationTypeNode | undefined {
  try {
    return getOperationAST(parseDocument(query), operationName)?.operation;
  } catch (error) {
    if (error instanceof GraphQLError) return undefined;
    throw error;
  }
}

function fieldsOf(holder: unknown): ReadonlyMap<string, unknown> {
  const plain = typeof holder === "object" && holder !== null && !Array.isArray(holder);
  return new Map(plain ? Object.entries(holder) : []);
}

/** An object, or in a GET's address the JSON text of one. */
function mapOf(value: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
  const found = typeof value === "string" ? parsed(value, name) : value;
  if (found === undefined || found === null || found === "") return undefined;
  if (typeof found !== "object" || Array.isArray(found)) throw malformed(name);
  return Object.fromEntries(Object.entries(found));
}

function parsed(text: string, name: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(name);
  }
}

function malformed(name: string): AppError {
  return new AppError("BAD_REQUEST", `\`${name}\` must be a JSON object.`);
}
