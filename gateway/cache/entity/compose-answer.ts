/**
 * Composes an answer about entities from cached parts and fetched parts. The path of each error then names its entity's
 * place in the whole answer.
 */
import type { GraphQLFormattedError } from "graphql";
import type { SubgraphAnswer } from "../../transport/subgraph-client.ts";
import type { Part } from "./cache-loads.ts";

/** A request for some of the entities, and what it brought. */
export interface PartialFetch {
  readonly keys: readonly string[];
  readonly answer: SubgraphAnswer;
}

/**
 * @param keys all that were wanted, in order, each different from all others
 * @param parts in the same order; absent: nobody answered
 */
export function composeEntities(
  keys: readonly string[],
  parts: readonly (Part | undefined)[],
  partialFetches: readonly PartialFetch[],
): SubgraphAnswer {
  const [only] = partialFetches;
  // Nothing was there: the answer as it came.
  if (only !== undefined && only.keys.length === keys.length) return { ...only.answer, shared: true };
  const places = new Map(keys.map((key, at) => [key, at]));
  const errors = partialFetches.flatMap((each) => each.answer.errors.map((error) => moved(error, each.keys, places)));
  const malformed = partialFetches.some(({ answer, keys: of }) => answer.data !== null && !answers(answer, of.length));
  // As many as were wanted would look like an answer.
  if (malformed) return { data: { _entities: null }, errors, shared: true };
  return { data: { _entities: parts.map((part) => part?.value ?? null) }, errors, shared: true };
}

function answers({ data }: SubgraphAnswer, count: number): boolean {
  const entities = data?.["_entities"];
  return Array.isArray(entities) && entities.length === count;
}

function moved(
  error: GraphQLFormattedError,
  keys: readonly string[],
  places: ReadonlyMap<string, number>,
): GraphQLFormattedError {
  const [field, index, ...rest] = error.path ?? [];
  if (field !== "_entities" || typeof index !== "number") return error;
  const place = places.get(keys[index] ?? "");
  return place === undefined ? error : { ...error, path: [field, place, ...rest] };
}
