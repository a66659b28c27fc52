/**
 * One request for what several fetches of entities ask of a subgraph: equal fetches share their representations,
 * different ones the document. Splits the answer again, so that each fetch sees what it would have seen alone.
 */
import type { GraphQLFormattedError } from "graphql";
import { type DocumentPart, ENTITIES } from "./entity-document.ts";
import type { EntityQueries, EntityQuery } from "./entity-queries.ts";
import type { JsonObject } from "./json-object.ts";
import type { SubgraphAnswer, SubgraphRequest } from "./subgraph-client.ts";

export interface EntityCall {
  readonly query: EntityQuery;
  readonly request: SubgraphRequest;
  readonly texts: readonly string[];
}

export interface EntityBatch<Call extends EntityCall> {
  readonly calls: readonly Call[];
  /** Different queries, or equal ones with different variables. */
  readonly units: number;
  /** Takes the call in unless the request would grow too large; the first one always fits. */
  add(call: Call): boolean;
  request(): SubgraphRequest;
  /** In the order of the calls. */
  split(answer: SubgraphAnswer): SubgraphAnswer[];
}

/** A subgraph bounds its documents, too. */
const LIMITS = { representations: 1_000, units: 20, characters: 40_000 };

interface Unit<Call> {
  readonly query: EntityQuery;
  readonly variables: JsonObject;
  texts: readonly string[];
  readonly members: { readonly call: Call; readonly positions: readonly number[] | undefined }[];
  /** Representation → position; made when a second fetch comes. */
  positions?: Map<string, number>;
}

export function createEntityBatch<Call extends EntityCall>(queries: EntityQueries): EntityBatch<Call> {
  const calls: Call[] = [];
  const units = new Map<string, Unit<Call>>();
  let representations = 0;
  let characters = 0;
  let names: readonly string[] = [];

  /** In the same order for the same fetches: a subgraph knows the document again. */
  function sorted(): Unit<Call>[] {
    return [...units.values()].sort((one, other) => one.query.id - other.query.id);
  }

  return {
    calls,
    get units() {
      return units.size;
    },
    add(call) {
      const { query, request, texts } = call;
      const key = `${query.id} ${JSON.stringify(request.variables)}`;
      const unit = units.get(key);
      const larger = representations + texts.length > LIMITS.representations;
      if (calls.length > 0 && larger) return false;
      if (unit === undefined) {
        const full = units.size >= LIMITS.units || characters + query.size > LIMITS.characters;
        if (calls.length > 0 && full) return false;
        units.set(key, { query, variables: request.variables, texts, members: [{ call, positions: undefined }] });
        characters += query.size;
      } else unit.members.push({ call, positions: join(unit, texts) });
      representations += texts.length;
      calls.push(call);
      return true;
    },
    request() {
      const all = sorted();
      const [first] = all;
      const operation = first?.members[0]?.call.request.operation;
      if (first === undefined || operation === undefined) throw new Error("a batch of nothing is never sent");
      if (all.length === 1) {
        names = [ENTITIES];
        return { operation, variables: first.variables, representations: { texts: first.texts } };
      }
      const together = queries.together(all.map(({ query }) => query));
      names = together.parts.map(({ alias }) => alias);
      const placed = all.flatMap((unit, index) => {
        const part = together.parts[index];
        return part === undefined ? [] : [{ unit, part }];
      });
      return {
        operation: together.operation,
        variables: Object.fromEntries(placed.flatMap(({ unit, part }) => renamed(unit.variables, part))),
        representations: undefined,
        lists: placed.map(({ unit, part }) => ({ variable: part.variableName("representations"), texts: unit.texts })),
      };
    },
    split(answer) {
      const answers = new Map<Call, SubgraphAnswer>();
      const ownAliases = new Set<unknown>(names);
      for (const [index, unit] of sorted().entries()) {
        const alias = names[index] ?? ENTITIES;
        const errors =
          answer.errors.length === 0
            ? answer.errors
            : answer.errors.filter(({ path }) => path?.[0] === alias || !ownAliases.has(path?.[0]));
        splitUnit(unit, answer.data?.[alias], errors, answer, answers);
      }
      return calls.map((call) => answers.get(call) ?? { data: null, errors: [], shared: false });
    },
  };
}

/** @returns where the unit has these representations; those that it lacks are added */
function join<Call>(unit: Unit<Call>, texts: readonly string[]): number[] {
  const all = [...unit.texts];
  unit.positions ??= new Map(all.map((text, position) => [text, position]));
  const positionByText = unit.positions;
  const positions = texts.map((text) => {
    const existing = positionByText.get(text);
    if (existing !== undefined) return existing;
    positionByText.set(text, all.length);
    all.push(text);
    return all.length - 1;
  });
  unit.texts = all;
  return positions;
}

function renamed(variables: JsonObject, part: DocumentPart): [string, unknown][] {
  return Object.entries(variables).map(([name, value]) => [part.variableName(name), value]);
}

function splitUnit<Call extends EntityCall>(
  { members, texts }: Unit<Call>,
  found: unknown,
  errors: readonly GraphQLFormattedError[],
  { shared, interned = false, plain = false }: SubgraphAnswer,
  answers: Map<Call, SubgraphAnswer>,
): void {
  const entities: readonly unknown[] | undefined =
    Array.isArray(found) && found.length === texts.length ? found : undefined;
  for (const { call, positions } of members) {
    const own =
      errors.length === 0
        ? errors
        : errors.flatMap((error) => routed(error, placeOf(positions, call), entities !== undefined));
    if (entities === undefined) {
      // Neither entities nor a reason: whoever asked says what is missing.
      answers.set(call, { data: own.length === 0 ? {} : null, errors: own, shared: false });
      continue;
    }
    const list =
      positions?.map((position) => entities[position]) ??
      (members.length === 1 ? entities : entities.slice(0, call.texts.length));
    const data = { [ENTITIES]: list };
    answers.set(call, { data, errors: own, shared: shared || members.length > 1, interned, plain });
  }
}

/**
 * Whoever came first has the first places. @returns the place of an entity in the call's own list, if it asked for it
 */
function placeOf(
  positions: readonly number[] | undefined,
  { texts }: EntityCall,
): (position: number) => number | undefined {
  return (position) => {
    const place = positions === undefined ? position : positions.indexOf(position);
    return place >= 0 && place < texts.length ? place : undefined;
  };
}

/**
 * The error at the call's own place. Without data it is everybody's, at the first place: the whole fetch is missing.
 */
function routed(
  error: GraphQLFormattedError,
  placeIn: (position: number) => number | undefined,
  hasData: boolean,
): readonly GraphQLFormattedError[] {
  const [, position, ...rest] = error.path ?? [];
  if (error.path === undefined || (hasData && typeof position !== "number")) return [withPath(error, undefined)];
  if (!hasData) return [withPath(error, [ENTITIES, 0])];
  const place = typeof position === "number" ? placeIn(position) : undefined;
  return place === undefined ? [] : [withPath(error, [ENTITIES, place, ...rest])];
}

function withPath(error: GraphQLFormattedError, path: readonly (string | number)[] | undefined): GraphQLFormattedError {
  const { path: _foreign, locations: _elsewhere, ...facts } = error;
  return path === undefined ? facts : { ...facts, path };
}
