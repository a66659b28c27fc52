/**
 * A subgraph in this process, called with the same signed headers that HTTP would carry. Guarantees an answer within
 * the deadline, as over HTTP; the subgraph is told how long it has, and what it answers later is dropped.
 */
import { withDeadline } from "../../platform/deadline.ts";
import { TIMEOUT_HEADER } from "../../platform/graphql/request-deadline.ts";
import type { SubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { readAnswer } from "./subgraph-answer.ts";
import { type SubgraphClient, variablesOf } from "./subgraph-client.ts";
import type { SubgraphHeaders } from "./subgraph-headers.ts";
import { timeLeft } from "./time-left.ts";
import { unavailable } from "./unavailable-answer.ts";

export interface InProcessSubgraphOptions {
  readonly endpoint: SubgraphEndpoint;
  readonly headers: SubgraphHeaders;
  readonly timeoutMs: number;
}

export function createInProcessSubgraph(options: InProcessSubgraphOptions): SubgraphClient {
  const { endpoint, headers, timeoutMs } = options;
  return async (request, context) => {
    const { text: query, name: operationName } = request.operation;
    try {
      const left = timeLeft(context, timeoutMs);
      const signed = await headers(endpoint.name, context);
      const call = endpoint.handle(
        { ...signed, [TIMEOUT_HEADER]: String(left) },
        { query, variables: variablesOf(request), operationName },
      );
      const response = await withDeadline(call, left, `no answer within ${left} ms`);
      return readAnswer({ subgraph: endpoint.name, trustMessages: false }, request, context, response.body);
    } catch (error) {
      return unavailable(endpoint.name, request, context, error);
    }
  };
}
