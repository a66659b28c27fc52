/**
 * Equal questions to a subgraph, asked at the same time within one authorization scope, are asked once. Nothing is kept: whoever asks after
 * the answer has come asks anew, and whoever asks after a command was answered never joins a question from before it, so that everybody
 * reads what was written.
 */
import type { GatewayContext } from "../ports.ts";
import { type SubgraphAnswer, type SubgraphClient, variablesText } from "./subgraph-client.ts";

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
  readonly abort: AbortController;
  /** All who ever asked, and those who have not left. */
  askers: number;
  waiting: number;
}

type Flights = Map<string, Flight>;

export function createFetchSharing(scopeOf: ScopeOf): FetchSharing {
  const all: Flights[] = [];

  /** Later questions begin anew; those under way are answered all the same. */
  function close(): void {
    for (const flights of all) flights.clear();
  }

  function begin(flights: Flights, key: string, ask: (signal: AbortSignal) => Promise<SubgraphAnswer>): Flight {
    const abort = new AbortController();
    const flight: Flight = { answer: answered(), abort, askers: 0, waiting: 0 };
    async function answered(): Promise<SubgraphAnswer> {
      try {
        const answer = await ask(abort.signal);
        // Nobody joins from here on: the answer of one asker is all theirs.
        return flight.askers > 1 && !answer.shared ? { ...answer, shared: true } : answer;
      } finally {
        if (flights.get(key) === flight) flights.delete(key);
      }
    }
    flights.set(key, flight);
    return flight;
  }

  return {
    close,
    share(client) {
      const flights: Flights = new Map();
      all.push(flights);
      return async (request, context) => {
        if (request.operation.kind === "mutation") {
          const answer = await client(request, context);
          close();
          return answer;
        }
        const scope = scopeOf(context);
        // A caller who was shown something old wants it from the source.
        if (scope === undefined || context.fresh === true) return client(request, context);
        const key = `${scope}\n${request.operation.text}\n${variablesText(request)}`;
        const flight = flights.get(key) ?? begin(flights, key, (signal) => client(request, { ...context, signal }));
        return wait(flight, context.signal);
      };
    },
  };
}

/** The last one who goes takes the question with them. */
function wait(flight: Flight, signal: AbortSignal | undefined): Promise<SubgraphAnswer> {
  flight.askers += 1;
  flight.waiting += 1;
  if (signal === undefined) return flight.answer;
  const leave = () => {
    flight.waiting -= 1;
    if (flight.waiting === 0) flight.abort.abort(signal.reason);
  };
  if (signal.aborted) leave();
  else {
    signal.addEventListener("abort", leave, { once: true });
    const stay = () => signal.removeEventListener("abort", leave);
    flight.answer.then(stay, stay);
  }
  return flight.answer;
}
