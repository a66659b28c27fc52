/**
 * Collects the entity fetches that all enrichments want in one turn of the event loop and sends one request per
 * subgraph and scope. Nobody waits longer than for the end of that turn, and nobody gets an answer that was fetched
 * with other rights.
 */
import type { GraphQLDataSource } from "@apollo/gateway";
import type { GraphQLFormattedError } from "graphql";
import type { GatewayContext } from "../../ports.ts";
import type { LiveMeter } from "../metrics.ts";
import {
  createEntityBatch,
  type EntityAnswer,
  type EntityBatch,
  type EntityQuestion,
  type SubgraphAnswer,
} from "./entity-batch.ts";
import { ENRICHMENT_NAME } from "./entity-fetch.ts";
import { sendTo } from "./source-request.ts";

export interface FetchCall extends EntityQuestion {
  readonly source: GraphQLDataSource<GatewayContext>;
  /** Equal (by identity, if it is an object) for those who have the same rights: only they share requests. */
  readonly scope: object | string;
  /** Of the batch, the first one's context and with it its trace go to the subgraph. */
  readonly context: GatewayContext;
}

export interface FetchBatches {
  /** Rejects when the data source does. */
  send(call: FetchCall): Promise<EntityAnswer>;
}

interface Waiting extends FetchCall, PromiseWithResolvers<EntityAnswer> {}

type Groups = Map<GraphQLDataSource<GatewayContext>, Map<object | string, Waiting[]>>;

const REFUSAL_MS = 60_000;

export function createFetchBatches(meter: Pick<LiveMeter, "enrichmentFetches" | "staleRefetches">): FetchBatches {
  let waiting: { readonly usual: Groups; readonly fresh: Groups } | undefined;
  /** Until when (`performance.now()`) a data source that refused documents of several fetches is spared them. */
  const refusing = new WeakMap<GraphQLDataSource<GatewayContext>, number>();

  function flush(): void {
    const groups = waiting;
    waiting = undefined;
    for (const bySource of [groups?.usual, groups?.fresh]) {
      for (const [source, byScope] of bySource ?? []) {
        const apart = performance.now() < (refusing.get(source) ?? 0);
        for (const calls of byScope.values()) for (const batch of batchesOf(calls, apart)) void settle(batch);
      }
    }
  }

  /** @returns whether the subgraph gave data for all of it */
  async function settle(batch: EntityBatch<Waiting>): Promise<boolean> {
    try {
      const { query, variables } = batch.request();
      const context = contextOf(batch.questions);
      const [first] = batch.questions;
      if (first === undefined) return true;
      meter.enrichmentFetches += 1;
      if (context.fresh === true) meter.staleRefetches += 1;
      const answer = await sendTo(first.source, context, { query, variables, operationName: ENRICHMENT_NAME });
      if (batch.questions.length > 1 && mayBeOneOfThem(answer)) {
        const parts = await Promise.all(batch.smaller().map(settle));
        // None of them was at fault: what the subgraph refuses is several of them in one document.
        if (batch.fetches > 1 && !parts.includes(false)) refusing.set(first.source, performance.now() + REFUSAL_MS);
        return false;
      }
      const answers = batch.split(answer);
      batch.questions.forEach((call, index) => {
        call.resolve(answers[index] ?? { data: null, errors: [] });
      });
      return answer.data != null;
    } catch (error) {
      for (const { reject } of batch.questions) reject(error);
      return false;
    }
  }

  return {
    send(call) {
      if (waiting === undefined) {
        waiting = { usual: new Map(), fresh: new Map() };
        setImmediate(flush);
      }
      const groups = call.context.fresh === true ? waiting.fresh : waiting.usual;
      const byScope = groups.get(call.source) ?? new Map<object | string, Waiting[]>();
      groups.set(call.source, byScope);
      const calls = byScope.get(call.scope) ?? [];
      byScope.set(call.scope, calls);
      const answer = Promise.withResolvers<EntityAnswer>();
      calls.push({ ...call, ...answer });
      return answer.promise;
    },
  };
}

/** @param apart one fetch per request, for several events and operations as ever */
function batchesOf(calls: readonly Waiting[], apart: boolean): EntityBatch<Waiting>[] {
  const batches: EntityBatch<Waiting>[] = [];
  for (const call of calls) {
    const open = apart ? batches.find((batch) => batch.holds(call)) : batches.at(-1);
    if (open?.add(call) === true) continue;
    const batch = createEntityBatch<Waiting>();
    batch.add(call);
    batches.push(batch);
  }
  return batches;
}

/** The first one's, but aborted only when nobody waits any more. */
function contextOf(calls: readonly Waiting[]): GatewayContext {
  const [first, ...others] = calls.map(({ context }) => context);
  if (first === undefined) throw new Error("a batch of nothing is never sent");
  if (others.length === 0 || first.signal === undefined) return first;
  const { signal: _first, ...context } = first;
  const signals = [first, ...others].flatMap(({ signal }) => signal ?? []);
  return signals.length > others.length ? { ...context, signal: whenAllAbort(signals) } : context;
}

function whenAllAbort(signals: readonly AbortSignal[]): AbortSignal {
  const distinct = new Set(signals);
  const all = new AbortController();
  let left = distinct.size;
  for (const signal of distinct) {
    const onAbort = () => {
      left -= 1;
      if (left === 0) all.abort();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }
  return all.signal;
}

/** Refused by the limits on callers or not there at all: that would be the same for each of them. */
const OF_ALL = new Set([401, 403, 429, 503]);

/** An answer without any data: one fetch or one representation may have spoilt it for the others. */
function mayBeOneOfThem({ data, errors }: SubgraphAnswer): boolean {
  return data == null && !(errors ?? []).some(isOfAll);
}

function isOfAll({ extensions }: GraphQLFormattedError): boolean {
  const status = extensions?.["status"];
  return (typeof status === "number" && OF_ALL.has(status)) || extensions?.["retryable"] === true;
}
