/**
 * The fetches of entities that one request wants of a subgraph in one turn of the event loop go out together. Nobody
 * waits longer than for the end of that turn; requests of different callers never meet here. What a subgraph refuses
 * together is asked of it one by one.
 */
import type { GraphQLFormattedError } from "graphql";
import type { GatewayContext } from "../ports.ts";
import { createEntityBatch, type EntityBatch, type EntityCall } from "./entity-batch.ts";
import { createEntityQueries } from "./entity-queries.ts";
import type { SubgraphAnswer, SubgraphClient } from "./subgraph-client.ts";
import { unavailable } from "./unavailable-answer.ts";

export interface EntityBatching {
  /** The same client, asked less often. */
  batch(subgraph: string, client: SubgraphClient): SubgraphClient;
}

interface Waiting extends EntityCall {
  readonly context: GatewayContext;
  resolve(answer: SubgraphAnswer | Promise<SubgraphAnswer>): void;
}

/**
 * What waits for the end of the turn, by the request's trace: the contexts of one request differ in what aborts them.
 */
type Groups = Map<object, Waiting[]>;

const REFUSAL_MS = 60_000;
/** Refused whoever asks and whatever is asked: that would be the same for each of them. */
const OF_ALL = new Set([401, 403, 429, 503]);

export function createEntityBatching(): EntityBatching {
  const queries = createEntityQueries();
  let flushes: (() => void)[] = [];

  function atEndOfTurn(flush: () => void): void {
    if (flushes.length === 0) {
      setImmediate(() => {
        const due = flushes;
        flushes = [];
        for (const each of due) each();
      });
    }
    flushes.push(flush);
  }

  return {
    batch(subgraph, client) {
      let groups: Groups = new Map();
      /** Until when (`performance.now()`) the subgraph, having refused documents of several fetches, is spared them. */
      let refusesUntil = 0;

      function flush(): void {
        const due = groups;
        groups = new Map();
        for (const calls of due.values()) void answering(calls, () => send(calls));
      }

      /** Nobody is left waiting, whatever fails here: who has no answer by then gets an error in its place. */
      async function answering(calls: readonly Waiting[], work: () => void | Promise<void>): Promise<void> {
        try {
          await work();
        } catch (error) {
          for (const { request, context, resolve } of calls) resolve(unavailable(subgraph, request, context, error));
        }
      }

      function send(calls: readonly Waiting[]): void {
        if (calls.length === 1 || performance.now() < refusesUntil) for (const call of calls) alone(call);
        else for (const batch of batchesOf(calls)) void answering(batch.calls, () => settle(batch));
      }

      function batchesOf(calls: readonly Waiting[]): EntityBatch<Waiting>[] {
        const batches: EntityBatch<Waiting>[] = [];
        for (const call of calls) {
          if (batches.at(-1)?.add(call) === true) continue;
          const batch = createEntityBatch<Waiting>(queries);
          batch.add(call);
          batches.push(batch);
        }
        return batches;
      }

      function alone(call: Waiting): Promise<SubgraphAnswer> {
        const answer = client(call.request, call.context);
        call.resolve(answer);
        return answer;
      }

      async function settle(batch: EntityBatch<Waiting>): Promise<void> {
        const { calls, units } = batch;
        const [first] = calls;
        if (first === undefined) return;
        if (calls.length === 1) {
          alone(first);
          return;
        }
        const answer = await client(batch.request(), contextOf(calls));
        if (answer.data === null && !answer.errors.some(isOfAll)) {
          const answers = await Promise.all(calls.map(alone));
          // None of them was at fault: what the subgraph refuses is several of them in one document.
          if (units > 1 && answers.every(({ data }) => data !== null)) refusesUntil = performance.now() + REFUSAL_MS;
          return;
        }
        for (const [index, own] of batch.split(answer).entries()) calls[index]?.resolve(own);
      }

      return (request, context) => {
        const texts = request.representations?.texts;
        const query = texts === undefined ? undefined : queries.of(request.operation);
        if (texts === undefined || query === undefined) return client(request, context);
        return new Promise((resolve) => {
          const call: Waiting = { query, request, texts, context, resolve };
          if (groups.size === 0) atEndOfTurn(flush);
          const group = groups.get(context.trace);
          if (group === undefined) groups.set(context.trace, [call]);
          else group.push(call);
        });
      };
    },
  };
}

function isOfAll({ extensions }: GraphQLFormattedError): boolean {
  const status = extensions?.["status"];
  return (typeof status === "number" && OF_ALL.has(status)) || extensions?.["retryable"] === true;
}

/** The first one's, but aborted only when nobody waits any more. */
function contextOf(calls: readonly Waiting[]): GatewayContext {
  const [first] = calls;
  if (first === undefined) throw new Error("a batch of nothing is never sent");
  if (calls.every(({ context }) => context.signal === first.context.signal)) return first.context;
  const { signal: _own, ...unbound } = first.context;
  const signals = new Set<AbortSignal>();
  for (const { context } of calls) {
    if (context.signal === undefined) return unbound;
    signals.add(context.signal);
  }
  return { ...unbound, signal: whenAllAbort(signals) };
}

function whenAllAbort(signals: ReadonlySet<AbortSignal>): AbortSignal {
  const all = new AbortController();
  let left = signals.size;
  for (const signal of signals) {
    const onAbort = () => {
      left -= 1;
      if (left === 0) all.abort(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }
  return all.signal;
}
