/**
 * Caches subgraphs' answers per entity, selection and scope, where the schema's hints allow it. When all entities of a
 * fetch are cached, the cache answers at once. Otherwise it fetches only the missing ones, each by one request at a
 * time. Errors, and the data that came with them, are never cached. A caller that joined a failed load asks anew.
 */
import { LRUCache } from "lru-cache";
import type { CacheLookup } from "../../../platform/cache/cache-lookup.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { GatewayContext, SchemaGeneration } from "../../ports.ts";
import { internJson } from "../../transport/interned-json.ts";
import { isJsonObject } from "../../transport/json-object.ts";
import type {
  SubgraphAnswer,
  SubgraphClient,
  SubgraphOperation,
  SubgraphRequest,
} from "../../transport/subgraph-client.ts";
import { cacheScopeKey } from "../cache-scope.ts";
import type { EventSources } from "../event-sources.ts";
import { cacheHintsOf } from "../hints.ts";
import { sourceOf } from "../tags.ts";
import { type CachedPart, createAnswerStore } from "./answer-store.ts";
import { createCacheLoads, type LoadOutcome, type LoadRequest, type Part } from "./cache-loads.ts";
import { composeEntities, type PartialFetch } from "./compose-answer.ts";
import { type FetchPolicy, fetchPolicyOf } from "./fetch-policy.ts";
import { subgraphTypes } from "./subgraph-types.ts";

export interface EntityCacheCounters {
  /** Fetches that were answered without the subgraph, and those that were not. */
  readonly hits: number;
  readonly misses: number;
  /** Fetches that may not be cached: something in them has no hint. */
  readonly passed: number;
  /** Entities that were there for a fetch that was not answered whole. */
  readonly partialHits: number;
  /** Answers asked for before their end, so that nobody waits. */
  readonly refreshes: number;
  readonly evictions: number;
  readonly entries: number;
}

export interface EntityCache {
  /**
   * @param source asked for what is missing: nobody else's question, so that no answer from before an eviction is
   * cached
   * @param otherwise asked what may not be cached
   */
  wrap(
    generation: SchemaGeneration,
    subgraph: string,
    source: SubgraphClient,
    otherwise: SubgraphClient,
  ): SubgraphClient;
  invalidateTags(tags: readonly string[]): Promise<void>;
  clear(): Promise<void>;
  readonly lookup: CacheLookup;
  counters(): EntityCacheCounters;
}

export interface EntityCacheOptions {
  readonly clock: Clock;
  /** Of everything cached, in bytes, about. */
  readonly maxWeight: number;
  /** By whose events answers of these go; those of others go by anybody's. */
  readonly sources?: EventSources;
}

const MAX_POLICIES = 4_000;

/** A policy under a number of its own: keys stay short. */
interface NumberedPolicy extends FetchPolicy {
  readonly number: number;
}

/** An answer as it was given, of parts that are still cached. */
interface WholeAnswer {
  /** Interned when it is first asked for again: few are. */
  answer: Promise<SubgraphAnswer> | undefined;
  readonly given: SubgraphAnswer;
  readonly parts: readonly CachedPart[];
  readonly expiresAt: number;
  readonly refreshAt: number;
  refreshing: boolean;
}

export function createEntityCache({ clock, maxWeight, sources = new Map() }: EntityCacheOptions): EntityCache {
  const store = createAnswerStore({ maxWeight, clock });
  const loads = createCacheLoads(store);
  const answers = new LRUCache<string, WholeAnswer>({ maxSize: maxWeight });
  const counts = { hits: 0, misses: 0, passed: 0, partialHits: 0, refreshes: 0, evictions: 0 };
  let policies = 0;

  function usable(key: string): WholeAnswer | undefined {
    const found = answers.get(key);
    if (found === undefined) return undefined;
    if (found.expiresAt > store.now() && found.parts.every(isAlive)) return found;
    answers.delete(key);
    return undefined;
  }

  function keep(key: string, answer: SubgraphAnswer, parts: readonly (CachedPart | undefined)[]): void {
    const cachedParts: CachedPart[] = [];
    let weight = key.length;
    let expiresAt = Number.POSITIVE_INFINITY;
    let refreshAt = Number.POSITIVE_INFINITY;
    for (const part of parts) {
      if (part?.alive !== true) return;
      cachedParts.push(part);
      weight += part.weight;
      expiresAt = Math.min(expiresAt, part.expiresAt);
      refreshAt = Math.min(refreshAt, part.refreshAt);
    }
    const whole = { answer: undefined, given: answer, parts: cachedParts, expiresAt, refreshAt, refreshing: false };
    answers.set(key, whole, { size: weight });
  }

  /** Asks anew for those whose end is near; nobody waits. */
  function refresh(question: LoadRequest, keys: readonly string[]): void {
    const now = store.now();
    const due = keys.filter((key) => {
      const cached = store.get(key);
      return cached !== undefined && cached.refreshAt <= now && loads.joinable(key) === undefined;
    });
    if (due.length === 0) return;
    counts.refreshes += due.length;
    void loads.begin(question, due);
  }

  async function fill(question: LoadRequest, key: string, context: GatewayContext): Promise<SubgraphAnswer> {
    const { keys } = question;
    const fresh = context.fresh === true;
    const parts = new Map<string, Part>();
    const joined: [string, Promise<LoadOutcome>][] = [];
    const missing: string[] = [];
    for (const each of keys) {
      const cached = fresh ? undefined : store.get(each);
      const load = fresh || cached !== undefined ? undefined : loads.joinable(each);
      if (cached !== undefined) parts.set(each, { value: cached.value, cached });
      else if (load !== undefined) joined.push([each, load]);
      else missing.push(each);
    }
    count(context, parts.size === keys.length);
    if (parts.size < keys.length) counts.partialHits += parts.size;

    const partialFetches: PartialFetch[] = [];
    async function take(wanted: readonly string[], load: Promise<LoadOutcome>): Promise<void> {
      const outcome = await load;
      partialFetches.push({ keys: wanted, answer: outcome.answer });
      for (const [each, part] of outcome.parts) parts.set(each, part);
    }
    async function join(): Promise<void> {
      const failed: string[] = [];
      for (const [each, load] of joined) {
        const outcome = await load;
        const part = outcome.failed ? undefined : outcome.parts.get(each);
        if (part === undefined) failed.push(each);
        else parts.set(each, part);
      }
      // It failed for another caller: this one is told of nothing but their own errors.
      if (failed.length > 0) await take(failed, loads.begin(question, failed));
    }
    // Begun before anything is awaited: whoever asks next joins it.
    const own = missing.length === 0 ? undefined : take(missing, loads.begin(question, missing));
    await Promise.all([own, join()]);
    const ordered = keys.map((each) => parts.get(each));
    const answer = question.ofEntities
      ? composeEntities(keys, ordered, partialFetches)
      : rootAnswer(ordered[0], partialFetches[0]);
    if (answer.errors.length === 0) {
      const cachedParts = ordered.map((part) => part?.cached);
      for (const part of cachedParts) endsAt(context, part);
      keep(key, answer, cachedParts);
    }
    return answer;
  }

  function count(context: GatewayContext, hit: boolean): void {
    counts[hit ? "hits" : "misses"] += 1;
    if (context.cacheUse !== undefined) context.cacheUse[hit ? "hits" : "misses"] += 1;
    if (context.composition !== undefined) context.composition.fetches[hit ? "cached" : "fetched"] += 1;
  }

  return {
    wrap(generation, subgraph, source, otherwise) {
      const hints = cacheHintsOf(generation);
      const types = hints.any ? subgraphTypes(generation, subgraph) : undefined;
      if (types === undefined) return otherwise;
      const currentTypes = types;
      const eventSource = sourceOf(sources, subgraph);
      const byText = new LRUCache<string, { readonly policy: NumberedPolicy | undefined }>({ max: MAX_POLICIES });
      const byOperation = new WeakMap<SubgraphOperation, { readonly policy: NumberedPolicy | undefined }>();

      function policyOf(operation: SubgraphOperation): NumberedPolicy | undefined {
        const existing = byOperation.get(operation) ?? byText.get(operation.text);
        if (existing !== undefined) return existing.policy;
        const fetchPolicy = fetchPolicyOf(currentTypes, hints, operation, eventSource);
        policies += 1;
        const numberedPolicy = { policy: fetchPolicy === undefined ? undefined : { ...fetchPolicy, number: policies } };
        byOperation.set(operation, numberedPolicy);
        byText.set(operation.text, numberedPolicy);
        return numberedPolicy.policy;
      }

      return (request, context) => {
        const policy = policyOf(request.operation);
        const scope = policy === undefined ? undefined : cacheScopeKey(policy.hint.scope, context);
        if (policy === undefined || scope === undefined) {
          counts.passed += 1;
          if (context.composition !== undefined) context.composition.fetches.fetched += 1;
          return otherwise(request, context);
        }
        const prefix = `${policy.number} ${scope}\n${variablesKey(request)}\n`;
        const texts = request.representations?.texts;
        const key = texts === undefined ? prefix : `${prefix}${texts.length === 1 ? texts[0] : texts.join(",")}`;
        const whole = context.fresh === true ? undefined : usable(key);
        if (whole !== undefined && (whole.refreshing || whole.refreshAt > store.now())) {
          count(context, true);
          endsAt(context, whole);
          return answerOf(whole);
        }
        const keys = texts === undefined ? [prefix] : texts.map((text) => `${prefix}${text}`);
        const ofEntities = texts !== undefined;
        const question: LoadRequest = { policy, source, request, context, keys, prefix, ofEntities };
        if (whole === undefined) return fill(question, key, context);
        whole.refreshing = true;
        refresh(question, keys);
        count(context, true);
        endsAt(context, whole);
        return answerOf(whole);
      };
    },
    async invalidateTags(tags) {
      counts.evictions += store.evict(tags);
    },
    async clear() {
      store.clear();
      answers.clear();
    },
    lookup: store.lookup,
    counters: () => ({ ...counts, entries: store.size }),
  };
}

function answerOf(whole: WholeAnswer): Promise<SubgraphAnswer> {
  if (whole.answer === undefined) {
    internJson(whole.given.data);
    whole.answer = Promise.resolve({ ...whole.given, interned: true });
  }
  return whole.answer;
}

/** Whoever keeps an answer that this is a part of keeps it no longer. */
function endsAt({ composition }: GatewayContext, cached: Pick<CachedPart, "expiresAt"> | undefined): void {
  if (composition !== undefined && cached !== undefined) {
    composition.endsAt = Math.min(composition.endsAt ?? Number.POSITIVE_INFINITY, cached.expiresAt);
  }
}

const isAlive = ({ alive }: CachedPart): boolean => alive;

function variablesKey({ variables }: SubgraphRequest): string {
  for (const _name in variables) return JSON.stringify(variables);
  return "";
}

function rootAnswer(part: Part | undefined, partialFetch: PartialFetch | undefined): SubgraphAnswer {
  if (partialFetch !== undefined) return { ...partialFetch.answer, shared: true };
  return { data: isJsonObject(part?.value) ? part.value : null, errors: [], shared: true };
}
