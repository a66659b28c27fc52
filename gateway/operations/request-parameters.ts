/**
 * The parameters of a GraphQL request, read alike from a JSON body, an address and a socket's message: whatever a
 * client sends means the same over every transport. Source: GraphQL over HTTP (draft of August 2026), "Request
 * Parameters", "GET" and "JSON Encoding".
 *
 * - Absent, null and the empty text are all "not given".
 * - A value of another type makes the request malformed. A text is no object, except in an address, where every value
 *   is a text.
 * - A parameter that an address names twice makes the request malformed: readers would differ in which one they take.
 */
import { isJsonObject, type JsonObject } from "../transport/json-object.ts";
import { parseJson } from "../transport/lossless-json.ts";
import { malformed } from "./refusals.ts";

export interface RequestParameters {
  /** The document. */
  readonly query: string | undefined;
  /** The name of a document, in its place. */
  readonly documentId: string | undefined;
  readonly operationName: string | undefined;
  readonly variables: JsonObject | undefined;
  readonly extensions: JsonObject | undefined;
}

/** @throws GraphQLError `BAD_REQUEST` naming the parameter */
export function parametersOfJson(holder: JsonObject): RequestParameters {
  return {
    query: textOf("query", holder["query"]),
    documentId: textOf("documentId", holder["documentId"]),
    operationName: textOf("operationName", holder["operationName"]),
    variables: objectOf("variables", holder["variables"]),
    extensions: objectOf("extensions", holder["extensions"]),
  };
}

/** @throws GraphQLError `BAD_REQUEST` naming the parameter */
export function parametersOfAddress(address: URLSearchParams): RequestParameters {
  return {
    query: onlyOf(address, "query"),
    documentId: onlyOf(address, "documentId"),
    operationName: onlyOf(address, "operationName"),
    variables: objectOf("variables", jsonOf(address, "variables")),
    extensions: objectOf("extensions", jsonOf(address, "extensions")),
  };
}

/** What was given, as a JSON body holds it. */
export function bodyOf(parameters: RequestParameters): JsonObject {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}

/** What was given, as an address holds it, with its `?`. */
export function addressOf(parameters: RequestParameters): string {
  const given = Object.entries(bodyOf(parameters)).map(
    ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
  );
  return `?${new URLSearchParams(Object.fromEntries(given))}`;
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw malformed(`\`${name}\` must be a string.`);
  return value;
}

function objectOf(name: string, value: unknown): JsonObject | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (!isJsonObject(value)) throw malformed(`\`${name}\` must be a JSON object.`);
  return value;
}

function onlyOf(address: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = address.getAll(name);
  if (more.length > 0) throw malformed(`Give \`${name}\` at most once.`);
  return textOf(name, value);
}

function jsonOf(address: URLSearchParams, name: string): unknown {
  const text = onlyOf(address, name);
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch {
    throw malformed(`\`${name}\` must be the JSON text of an object.`);
  }
}
