/**
 * Caches whole answers of queries as the bytes that were sent. A hit is neither parsed, planned nor fetched. No caller
 * is shown an answer that was made for other rights, and errors are never cached. A caller who asks after an eviction
 * is not shown what it evicted. Equal requests at the same time are executed once.
 */
import type { DocumentNode } from "graphql";
import type { Cache } from "../../../platform/cache/cache.ts";
import type { CacheLookup } from "../../../platform/cache/cache-lookup.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Metric } from "../../../platform/http/metrics-format.ts";
import type { InspectOperation } from "../../engine/compiled-operation.ts";
import type { AnswerComposition, AnswerContents, GatewayContext, SchemaSource } from "../../ports.ts";
import { cacheScopeKey } from "../cache-scope.ts";
import type { EventSources } from "../event-sources.ts";
import { createContentsReader } from "./answer-contents.ts";
import { tagsOfAnswer } from "./answer-tags.ts";
import { withCacheExtension } from "./cache-extension.ts";
import { type CacheableOperation, createCacheableOperations } from "./cacheable-operations.ts";
import { responsePolicy } from "./policy.ts";
import { cacheMetrics } from "./response-metrics.ts";
import { createResponseStore, type Fill, type NewAnswer, type StoredAnswer } from "./response-store.ts";

/** On whose behalf an answer is looked for and, if there is none, made: it must not be made for anybody else. */
export type Caller = Pick<GatewayContext, "identity" | "forwardedHeaders">;

/** An answer being made that others may get, too. To be ended in any case. */
export interface PendingFill {
  /** For the context in which the operation is executed. */
  readonly composition: AnswerComposition;
  /**
   * Idempotent: the first call counts.
   * @param body of an answer with status 200; `undefined`: there is none
   * @returns since when it is getting old, in milliseconds since the epoch; `undefined`: it was not cached
   */
  end(body: Buffer | undefined): number | undefined;
}

export type Lookup =
  | { readonly kind: "hit"; readonly answer: Pick<StoredAnswer, "body" | "bornAt"> }
  | { readonly kind: "miss" | "bypass"; readonly filling: PendingFill | undefined };

export interface ResponseCache extends Pick<Cache, "invalidateTags" | "clear"> {
  /** For the executor, which then tells what answers are made of. */
  readonly inspection: InspectOperation;
  readonly lookup: CacheLookup;
  /** @returns `undefined` for operations whose answers are never cached */
  operation(text: string, operationName: string | undefined): CacheableOperation | undefined;
  /**
   * The cached answer, or the one that is being made for an equal question, else that the caller has to make it.
   * @param bypass makes it in any case
   */
  find(operation: CacheableOperation, variables: unknown, caller: Caller, bypass: boolean): Lookup | Promise<Lookup>;
  metrics(): readonly Metric[];
}

export interface ResponseCacheOptions {
  readonly schema: SchemaSource;
  readonly maxBytes: number;
  readonly clock: Clock;
  /** By whose events what these answered goes; what others answered goes by anybody's. */
  readonly sources?: EventSources;
  /** Do cached answers say in their extensions why they were cached? */
  readonly showInExtensions: boolean;
  parse(text: string): DocumentNode;
}

export function createResponseCache(options: ResponseCacheOptions): ResponseCache {
  const { schema, maxBytes, clock, sources, showInExtensions, parse } = options;
  const store = createResponseStore({ maxBytes, clock });
  const operations = createCacheableOperations({ schema, parse });
  const now = () => clock.now().getTime();
  const count = { hits: 0, misses: 0, composed: 0, bypasses: 0, joined: 0, cachedFetches: 0, subgraphFetches: 0 };

  /** @param missed was an answer looked for? */
  function fill(key: string, { policy }: CacheableOperation, caller: Caller, missed: boolean): PendingFill {
    const load = store.begin(key);
    const composition: AnswerComposition = { fetches: { cached: 0, fetched: 0 } };
    let ended = false;

    function answerOf(executedBody: Buffer, contents: AnswerContents): NewAnswer {
      const { maxAgeMs, scope } = policy;
      const tags = tagsOfAnswer(policy, contents, caller);
      const body = showInExtensions
        ? withCacheExtension(executedBody, { maxAgeMs, scope, tags, keptAt: clock.now() })
        : executedBody;
      const { endsAt = Number.POSITIVE_INFINITY } = composition;
      // What it was made of lives no longer by being part of it.
      const fetches = composition.fetches.cached + composition.fetches.fetched;
      return { body, fetches, bornAt: Math.min(now(), endsAt - maxAgeMs), maxAgeMs, tags };
    }

    return {
      composition,
      end(body) {
        if (ended) return undefined;
        ended = true;
        if (missed) countMade(composition);
        const { contents } = composition;
        const answer = body === undefined || contents === undefined ? undefined : answerOf(body, contents);
        return load.end(answer) ? answer?.bornAt : undefined;
      },
    };
  }

  function countMade({ fetches: { cached, fetched } }: AnswerComposition): void {
    count[cached > 0 && fetched === 0 ? "composed" : "misses"] += 1;
    count.cachedFetches += cached;
    count.subgraphFetches += fetched;
  }

  function hit(answer: StoredAnswer | NewAnswer, how: "hits" | "joined"): Lookup {
    count[how] += 1;
    count.cachedFetches += answer.fetches;
    return { kind: "hit", answer };
  }

  const miss = (key: string, operation: CacheableOperation, caller: Caller): Lookup => {
    return { kind: "miss", filling: fill(key, operation, caller, true) };
  };

  /** Waits for a load that is under way; when its answer is none for this caller, for the next one, or makes it. */
  async function join(running: Fill, key: string, operation: CacheableOperation, caller: Caller): Promise<Lookup> {
    const mark = store.mark();
    let load: Fill | undefined = running;
    while (load !== undefined) {
      const answer: NewAnswer | undefined = await load.outcome;
      if (answer !== undefined && store.holds(load, answer, mark)) {
        return hit(answer, "joined");
      }
      // Whoever failed may have failed alone: the others do not wait for each other's attempts.
      load = answer === undefined ? undefined : store.underWay(key);
    }
    return miss(key, operation, caller);
  }

  return {
    inspection(generation, document, operationName, names) {
      if (responsePolicy(generation, document, operationName) === undefined) return undefined;
      const reader = createContentsReader(generation, document, operationName, names, sources);
      return {
        selectAlso: reader.selectAlso,
        inspect(data, { composition }) {
          if (composition !== undefined) composition.contents = reader.read(data);
        },
      };
    },
    operation: operations.find,
    find(operation, variables, caller, bypass) {
      const scope = cacheScopeKey(operation.policy.scope, caller);
      if (scope === undefined || bypass) count.bypasses += 1;
      if (scope === undefined) return { kind: "bypass", filling: undefined };
      const key = `${operation.keyOf(variables)}\n${scope}`;
      if (bypass) return { kind: "bypass", filling: fill(key, operation, caller, false) };
      const answer = store.find(key);
      const running = store.underWay(key);
      if (answer !== undefined) {
        if (running === undefined && answer.refreshAt <= now()) return miss(key, operation, caller);
        return hit(answer, "hits");
      }
      return running === undefined ? miss(key, operation, caller) : join(running, key, operation, caller);
    },
    lookup: store.lookup,
    invalidateTags: store.invalidateTags,
    clear: store.clear,
    metrics: () => cacheMetrics({ ...store.counters(), ...count }),
  };
}
