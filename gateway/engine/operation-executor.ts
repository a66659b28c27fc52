/** Queries and mutations from transports other than HTTP, executed exactly as over HTTP. */
import type { ApolloServer } from "@apollo/server";
import { type FormattedExecutionResult, GraphQLError } from "graphql";
import type { CountedErrors } from "../errors/counted-errors.ts";
import type { RequestScopes } from "../errors/request-scope.ts";
import type { DocumentGuard } from "../limits/document-limits.ts";
import type { GatewayContext, OperationExecutor } from "../ports.ts";
import { isJsonObject } from "../transport/json-object.ts";
import { JsonText } from "./response/text.ts";

export interface OperationExecutorOptions {
  readonly server: ApolloServer<GatewayContext>;
  readonly guard: DocumentGuard;
  readonly scopes: RequestScopes;
  readonly errors: CountedErrors;
}

export function createOperationExecutor({
  server,
  guard,
  scopes,
  errors,
}: OperationExecutorOptions): OperationExecutor {
  return {
    execute({ query, variables, operationName, context }) {
      const scope = { traceId: context.trace.traceId, logger: context.logger };
      return scopes.run(scope, async () => {
        try {
          guard.parse(query);
          const { body } = await server.executeOperation(
            {
              query,
              ...(variables === undefined ? {} : { variables: { ...variables } }),
              ...(operationName === undefined ? {} : { operationName }),
            },
            { contextValue: context },
          );
          if (body.kind === "incremental") throw new Error("incremental delivery is not supported");
          return asObjects(body.singleResult);
        } catch (error) {
          const graphqlError =
            error instanceof GraphQLError
              ? error
              : new GraphQLError("execution failed", { originalError: error instanceof Error ? error : null });
          return { errors: [errors.toPublic(graphqlError, scope)] };
        }
      });
    },
  };
}

/** Not every caller writes the answer on: some read it. */
function asObjects(result: FormattedExecutionResult): FormattedExecutionResult {
  if (!(result.data instanceof JsonText)) return result;
  const data = result.data.toJSON();
  if (!isJsonObject(data)) throw new Error("the executor wrote data that is no object");
  return { ...result, data };
}
