/**
 * Loads the parts of cacheable answers from subgraphs. Each part is loaded once at a time, and all callers that want it
 * meanwhile join that load.
 */
import type { GatewayContext } from "../../ports.ts";
import type { SubgraphAnswer, SubgraphClient, SubgraphRequest } from "../../transport/subgraph-client.ts";
import { scopeTags } from "../cache-scope.ts";
import { addTag, entityTag } from "../tags.ts";
import type { AnswerStore, CachedPart, Load } from "./answer-store.ts";
import type { FetchPolicy } from "./fetch-policy.ts";
import { visitEntities, visitRepresentedEntity } from "./visit-entities.ts";

/** What somebody wants to know, part by part: an entity each, or one for all root fields. */
export interface LoadRequest {
  readonly policy: FetchPolicy;
  readonly source: SubgraphClient;
  readonly request: SubgraphRequest;
  readonly context: GatewayContext;
  /** Of each part: `prefix`, and the entity's representation. */
  readonly keys: readonly string[];
  readonly prefix: string;
  readonly ofEntities: boolean;
}

export interface Part {
  readonly value: unknown;
  /** Absent when the value may be old by now. */
  readonly cached: CachedPart | undefined;
}

export interface LoadOutcome {
  readonly answer: SubgraphAnswer;
  /** Nothing of it was cached, and it is for nobody but who asked. */
  readonly failed: boolean;
  readonly parts: ReadonlyMap<string, Part>;
}

export interface CacheLoads {
  /** The load of the part that is under way; `undefined` also when it was overtaken by an eviction. */
  joinable(key: string): Promise<LoadOutcome> | undefined;
  /** Asks for these parts. Never rejects, as long as the source never does. */
  begin(question: LoadRequest, keys: readonly string[]): Promise<LoadOutcome>;
}

/** What is not there now may soon be. */
const ABSENT_MS = 5_000;

export function createCacheLoads(store: AnswerStore): CacheLoads {
  const pending = new Map<string, { readonly load: Load; readonly outcome: Promise<LoadOutcome> }>();

  async function ask(question: LoadRequest, keys: readonly string[], load: Load): Promise<LoadOutcome> {
    const { policy, source, request, context, prefix, ofEntities } = question;
    // Whoever goes away takes nothing with them: others wait for the answer, or will ask for it.
    const { signal: _signal, ...lasting } = context;
    const texts = keys.map((key) => key.slice(prefix.length));
    const representations = ofEntities ? { texts } : undefined;
    const answer = await source({ ...request, operation: policy.operation, representations }, lasting);
    const values = ofEntities ? answer.data?.["_entities"] : [answer.data];
    if (!Array.isArray(values) || values.length !== keys.length) return { answer, failed: true, parts: new Map() };
    const failed = answer.errors.length > 0 || answer.data === null;
    const { sources } = policy;
    const common = scopeTags(policy.hint, context, sources);
    const parts = keys.map((key, at): [string, Part] => {
      const value: unknown = values[at];
      if (failed) return [key, { value, cached: undefined }];
      const tags = new Set(common);
      const tagEntity = (id: string, its: ReadonlySet<string>) => addTag(tags, entityTag(id), its);
      if (ofEntities) visitRepresentedEntity(texts[at] ?? "", policy.keyFields, policy.entityIdFields, tagEntity);
      visitEntities(value, policy.entityIdFields, tagEntity);
      const { maxAgeMs } = policy.hint;
      const ttlMs = value === null ? Math.min(ABSENT_MS, maxAgeMs) : maxAgeMs;
      return [key, { value, cached: store.put(key, load, value, { ttlMs, tags }) }];
    });
    return { answer, failed, parts: new Map(parts) };
  }

  return {
    joinable(key) {
      const found = pending.get(key);
      return found === undefined || found.load.overtaken() ? undefined : found.outcome;
    },
    begin(question, keys) {
      const load = store.begin();
      const outcome = ask(question, keys, load).finally(() => {
        store.end(load);
        for (const key of keys) if (pending.get(key)?.load === load) pending.delete(key);
      });
      for (const key of keys) pending.set(key, { load, outcome });
      return outcome;
    },
  };
}
