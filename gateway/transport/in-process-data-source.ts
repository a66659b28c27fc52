/**
 * A subgraph in this process, called with the same signed headers that HTTP would carry. Guarantees an answer within the deadline,
 * as over HTTP; the subgraph's work itself cannot be cancelled and its late answer is dropped.
 */
import type { GraphQLDataSource } from "@apollo/gateway";
import { withDeadline } from "../../platform/deadline.ts";
import type { SubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import type { GatewayContext } from "../ports.ts";
import { readAnswer, unavailable } from "./subgraph-answer.ts";
import type { SubgraphHeaders } from "./subgraph-headers.ts";

export interface InProcessDataSourceOptions {
  readonly endpoint: SubgraphEndpoint;
  readonly headers: SubgraphHeaders;
  readonly timeoutMs: number;
}

export function createInProcessDataSource(options: InProcessDataSourceOptions): GraphQLDataSource<GatewayContext> {
  const { endpoint, headers, timeoutMs } = options;
  return {
    async process(request) {
      if (!("incomingRequestContext" in request)) throw new Error("only operations of clients are sent to subgraphs");
      const { query = "", variables, operationName } = request.request;
      try {
        const call = endpoint.handle(await headers(endpoint.name, request.context), {
          query,
          variables,
          operationName,
        });
        const response = await withDeadline(call, timeoutMs, `no answer within ${timeoutMs} ms`);
        return readAnswer({ subgraph: endpoint.name, trustMessages: false }, request, response.body);
      } catch (error) {
        return unavailable(endpoint.name, request, error);
      }
    },
  };
}
