/** A subgraph in another process. Guarantees an answer within the deadline: the subgraph's, or an error for its fields. */
import type { GraphQLDataSource } from "@apollo/gateway";
import type { GatewayContext } from "../ports.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { readAnswer, unavailable } from "./subgraph-answer.ts";
import type { SubgraphHeaders } from "./subgraph-headers.ts";

export interface HttpDataSourceOptions {
  readonly subgraph: string;
  readonly url: URL;
  readonly headers: SubgraphHeaders;
  readonly exchange: HttpExchange;
  readonly timeoutMs: number;
  readonly trustMessages: boolean;
}

export function createHttpDataSource(options: HttpDataSourceOptions): GraphQLDataSource<GatewayContext> {
  const { subgraph, url, headers, exchange, timeoutMs, trustMessages } = options;
  return {
    async process(request) {
      if (!("incomingRequestContext" in request)) throw new Error("only operations of clients are sent to subgraphs");
      const { context } = request;
      const { query = "", variables, operationName } = request.request;
      try {
        const body = await exchange.post({
          url,
          headers: await headers(subgraph, context),
          body: JSON.stringify({ query, variables, operationName }),
          timeoutMs,
          signal: context.signal,
          repeatable: !query.startsWith("mutation"),
        });
        return readAnswer({ subgraph, trustMessages }, request, body);
      } catch (error) {
        return unavailable(subgraph, request, error);
      }
    },
  };
}
