/** Whether a request queries, changes something or subscribes, for those who must know before it is run. */
import { type DocumentNode, GraphQLError, getOperationAST, type OperationTypeNode } from "graphql";
import type { RequestParameters } from "./request-parameters.ts";

export interface NamedOperation extends Pick<RequestParameters, "operationName"> {
  readonly query: string;
}

/** Kind of the operation that would run; `undefined` when that cannot be said, which is reported where it is run. */
export function kindOf(
  { query, operationName }: NamedOperation,
  parseDocument: (query: string) => DocumentNode,
): OperationTypeNode | undefined {
  try {
    return getOperationAST(parseDocument(query), operationName)?.operation;
  } catch (error) {
    if (error instanceof GraphQLError) return undefined;
    throw error;
  }
}
