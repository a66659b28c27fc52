/**
 * Sends equal questions to a subgraph once, when they are asked at the same time within one authorization scope. No
 * answer is stored: a question after the answer is sent anew. A question after a command was answered never joins one
 * from before it, so that callers read what was written. When the first asker goes away, the question ends; those who
 * joined it ask anew.
 */
import type { GatewayContext } from "../ports.ts";
import { type SubgraphAnswer, type SubgraphClient, type SubgraphRequest, variablesText } from "./subgraph-client.ts";

/** Contexts of equal scope may see the same; `undefined`: nothing is shared. */
export type ScopeOf = (context: GatewayContext) => string | undefined;

export interface FetchSharing {
  /** The same client, shared. */
  share(client: SubgraphClient): SubgraphClient;
  /** Nobody who asks from now on joins a question that was asked before. */
  close(): void;
}

interface Flight {
  readonly answer: Promise<SubgraphAnswer>;
  /** Of whoever asked first. */
  readonly signal: AbortSignal | undefined;
  askers: number;
}

type Flights = Map<string, Flight>;

export function createFetchSharing(scopeOf: ScopeOf): FetchSharing {
  const all: Flights[] = [];

  /** Later questions begin anew; those under way are answered all the same. */
  function close(): void {
    for (const flights of all) flights.clear();
  }

  return {
    close,
    share(client) {
      const flights: Flights = new Map();
      all.push(flights);

      function begin(key: string, request: SubgraphRequest, context: GatewayContext): Flight {
        const flight: Flight = { answer: answered(), signal: context.signal, askers: 1 };
        async function answered(): Promise<SubgraphAnswer> {
          try {
            const answer = await client(request, context);
            // Nobody joins from here on: the answer of one asker is all theirs.
            return flight.askers > 1 && !answer.shared ? { ...answer, shared: true } : answer;
          } finally {
            if (flights.get(key) === flight) flights.delete(key);
          }
        }
        flights.set(key, flight);
        return flight;
      }

      async function join(flight: Flight, request: SubgraphRequest, context: GatewayContext): Promise<SubgraphAnswer> {
        flight.askers += 1;
        const answer = await flight.answer;
        const endedByAsker = answer.data === null && flight.signal?.aborted === true;
        return endedByAsker && context.signal?.aborted !== true ? ask(request, context) : answer;
      }

      async function tell(request: SubgraphRequest, context: GatewayContext): Promise<SubgraphAnswer> {
        const answer = await client(request, context);
        close();
        return answer;
      }

      function ask(request: SubgraphRequest, context: GatewayContext): Promise<SubgraphAnswer> {
        if (request.operation.kind === "mutation") return tell(request, context);
        const scope = scopeOf(context);
        // A caller who was shown something old wants it from the source.
        if (scope === undefined || context.fresh === true) return client(request, context);
        const key = `${scope}\n${request.operation.text}\n${variablesText(request)}`;
        const flight = flights.get(key);
        // What its asker has left is as good as answered.
        if (flight === undefined || flight.signal?.aborted === true) return begin(key, request, context).answer;
        return join(flight, request, context);
      }

      return ask;
    },
  };
}
