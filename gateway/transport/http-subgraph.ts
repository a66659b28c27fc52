/**
 * A subgraph in another process. Guarantees an answer within the deadline: the subgraph's, or an error for its fields.
 */
import { isRepeatable } from "./repeatable.ts";
import { readAnswer } from "./subgraph-answer.ts";
import { type SubgraphClient, variablesText } from "./subgraph-client.ts";
import type { SubgraphHeaders } from "./subgraph-headers.ts";
import type { SubgraphCalls } from "./subgraph-targets.ts";
import { timeLeft } from "./time-left.ts";
import { unavailable } from "./unavailable-answer.ts";

export interface HttpSubgraphOptions {
  readonly subgraph: string;
  readonly url: URL;
  readonly headers: SubgraphHeaders;
  readonly calls: SubgraphCalls;
  readonly timeoutMs: number;
  readonly trustMessages: boolean;
}

export function createHttpSubgraph(options: HttpSubgraphOptions): SubgraphClient {
  const { subgraph, url, headers, calls, timeoutMs, trustMessages } = options;
  return async (request, context) => {
    const { json: query, name, kind } = request.operation;
    const named = name === undefined ? "" : `,"operationName":${JSON.stringify(name)}`;
    try {
      const { json, cached, plain } = await (kind === "mutation" ? calls.commands : calls.queries).post({
        url,
        headers: await headers(subgraph, context),
        body: `{"query":${query},"variables":${variablesText(request)}${named}}`,
        timeoutMs: timeLeft(context, timeoutMs),
        signal: context.signal,
        repeatable: isRepeatable(request),
        patient: kind === "mutation",
      });
      const answer = readAnswer({ subgraph, trustMessages }, request, context, json);
      return { ...answer, shared: cached, interned: cached, plain };
    } catch (error) {
      return unavailable(subgraph, request, context, error);
    }
  };
}
