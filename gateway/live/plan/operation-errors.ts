/** What is wrong with an operation, as GraphQL errors of public codes. */
import { GraphQLError } from "graphql";

/** A request that cannot be served as it stands; each problem carries the public code of its kind. */
export class InvalidOperation extends Error {
  readonly problems: readonly GraphQLError[];

  constructor(
    code: "GRAPHQL_VALIDATION_FAILED" | "OPERATION_RESOLUTION_FAILURE" | "BAD_USER_INPUT",
    problems: readonly GraphQLError[],
  ) {
    super(problems.map(({ message }) => message).join("\n"));
    this.name = "InvalidOperation";
    for (const problem of problems) problem.extensions["code"] = code;
    this.problems = problems;
  }
}

/** Neither the only operation of the document nor the one that was named. */
export function unresolved(): InvalidOperation {
  const problem = new GraphQLError("Name one operation of the document.");
  return new InvalidOperation("OPERATION_RESOLUTION_FAILURE", [problem]);
}

export function toGraphQLErrors(error: unknown): readonly GraphQLError[] {
  if (error instanceof InvalidOperation) return error.problems;
  if (error instanceof GraphQLError) return [error];
  const originalError = error instanceof Error ? error : new Error(String(error));
  return [new GraphQLError(originalError.message, { originalError })];
}
