/** A request to `/graphql` as Apollo Server takes it: with the parameters that were read and checked already. */
import { HeaderMap, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyRequest } from "fastify";
import { type DocumentNode, OperationTypeNode } from "graphql";
import { searchOf } from "../../platform/http/search-of.ts";
import type { HttpOperation } from "../operations/http-operation.ts";
import { kindOf } from "../operations/operation-kind.ts";
import { addressOf, bodyOf } from "../operations/request-parameters.ts";

export interface ApolloRequestFacts {
  /** No foreign page sent it: the live room looked at its origin. */
  readonly checked: boolean;
  readonly parseDocument: (query: string) => DocumentNode;
}

export function toApolloRequest(
  request: FastifyRequest,
  { parameters }: HttpOperation,
  { checked, parseDocument }: ApolloRequestFacts,
): HTTPGraphQLRequest {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  if (checked) headers.set("apollo-require-preflight", "1");
  const { method } = request;
  if (parameters === undefined) return { method, headers, body: request.body, search: searchOf(request) };
  const { query, operationName } = parameters;
  // By GET Apollo Server refuses whatever is no query, before our own rules can say how to subscribe.
  const subscribes =
    method === "GET" &&
    query !== undefined &&
    kindOf({ query, operationName }, parseDocument) === OperationTypeNode.SUBSCRIPTION;
  return method === "GET" && !subscribes
    ? { method, headers, body: undefined, search: addressOf(parameters) }
    : { method: "POST", headers, body: bodyOf(parameters), search: "" };
}
