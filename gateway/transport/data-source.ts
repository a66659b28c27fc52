/** A subgraph as @apollo/gateway's executor knows it. */
import type { GraphQLDataSource } from "@apollo/gateway";
import type { GatewayContext } from "../ports.ts";
import type { DeclareNumbers } from "./declared-numbers.ts";
import { isJsonObject } from "./json-object.ts";
import { type SubgraphClient, subgraphOperation } from "./subgraph-client.ts";

export function asDataSource(client: SubgraphClient, declare: DeclareNumbers): GraphQLDataSource<GatewayContext> {
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
      const data = answered === null ? null : declare(query, answered);
      return errors.length === 0 ? { data } : { data, errors };
    },
  };
}
