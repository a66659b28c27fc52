/** A subgraph as the data source of @apollo/gateway. */
import type { GraphQLDataSource } from "@apollo/gateway";
import type { GatewayContext } from "../ports.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import { type SubgraphClient, subgraphOperation } from "./subgraph-client.ts";

/** @param adapt makes of an answer's data what the caller reads */
export function asDataSource(
  client: SubgraphClient,
  adapt: (data: JsonObject) => JsonObject = (data) => data,
): GraphQLDataSource<GatewayContext> {
  return {
    async process(request) {
      if (!("incomingRequestContext" in request)) throw new Error("only operations of clients are sent to subgraphs");
      const { query = "", operationName, variables: all = {} } = request.request;
      const { representations, ...variables } = all;
      const values = Array.isArray(representations) ? representations.filter(isJsonObject) : undefined;
      const { data: answered, errors } = await client(
        {
          operation: subgraphOperation(query, operationName, query.startsWith("mutation") ? "mutation" : "query"),
          variables,
          representations: values === undefined ? undefined : { texts: values.map((value) => JSON.stringify(value)) },
        },
        request.context,
      );
      const data = answered === null ? null : adapt(answered);
      return errors.length === 0 ? { data } : { data, errors };
    },
  };
}
