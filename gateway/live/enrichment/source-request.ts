/** How a data source is asked, which expects more of a request than anybody reads. */
import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from "@apollo/gateway";
import type { GatewayContext } from "../../ports.ts";
import type { JsonObject } from "../../transport/json-object.ts";
import type { SubgraphAnswer } from "./entity-batch.ts";

type ProcessOptions = GraphQLDataSourceProcessOptions<GatewayContext>;

export interface SourceRequest {
  readonly query: string;
  readonly variables: JsonObject;
  readonly operationName: string | undefined;
}

/** Rejects when the data source does. */
export async function sendTo(
  source: GraphQLDataSource<GatewayContext>,
  context: GatewayContext,
  { query, variables, operationName }: SourceRequest,
): Promise<SubgraphAnswer> {
  const named = operationName === undefined ? {} : { operationName };
  return source.process(processOptions({ request: { query, variables, ...named }, context }));
}

/**
 * Data sources tell a client's operation by `incomingRequestContext`, and read nothing else of what the type of
 * @apollo/gateway 2.14.4 asks for.
 */
function processOptions(given: Pick<ProcessOptions, "request" | "context">): ProcessOptions {
  const options: object = { incomingRequestContext: {}, ...given };
  return options as ProcessOptions;
}
