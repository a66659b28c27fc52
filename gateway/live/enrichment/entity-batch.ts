/**
 * One request for what several fetches ask of a subgraph: equal fetches share their representations, different ones
 * share the document. Splits the answer again, so that each fetch sees what it would have seen alone; nobody is handed
 * an object that another one may change.
 */
import type { GraphQLFormattedError } from "graphql";
import { type DocumentPart, documentOf, ENTITIES, REPRESENTATIONS } from "../../transport/entity-document.ts";
import { copyJson, type JsonObject } from "../../transport/json-object.ts";
import { ENRICHMENT_NAME, type EntityFetch } from "./entity-fetch.ts";

/** A fetch with its values. */
export interface EntityQuestion {
  readonly fetch: EntityFetch;
  readonly representations: readonly unknown[];
  /** All others. */
  readonly variables: JsonObject;
}

/**
 * Paths of errors begin with `_entities` and a position in the question's representations, as in an answer to it alone.
 */
export interface EntityAnswer {
  readonly data: JsonObject | null;
  readonly errors: readonly GraphQLFormattedError[];
}

export interface SubgraphAnswer {
  readonly data?: JsonObject | null;
  readonly errors?: readonly GraphQLFormattedError[];
}

export interface EntityBatch<Question extends EntityQuestion> {
  readonly questions: readonly Question[];
  /** Distinct ones: selections of the document. */
  readonly fetches: number;
  /** Would the question add nothing to the document? */
  holds(question: Question): boolean;
  /** Takes the question in unless the request would grow too large; the first one always fits. */
  add(question: Question): boolean;
  request(): { readonly query: string; readonly variables: JsonObject };
  /** In the order of the questions. */
  split(answer: SubgraphAnswer): EntityAnswer[];
  /** The same questions in smaller requests, for when one of them may have spoilt the others: by fetch, then alone. */
  smaller(): EntityBatch<Question>[];
}

/**
 * A subgraph's loaders take a page at a time; its parser takes 20,000 tokens, each at least two characters with its
 * neighbour.
 */
const LIMITS = { representations: 100, fetches: 20, characters: 40_000 };

/** Equal fetches with equal variables: one selection of the document. */
interface Unit<Question> {
  readonly fetch: EntityFetch;
  readonly variables: JsonObject;
  readonly representations: unknown[];
  /** Representation as text → position. */
  readonly positions: Map<string, number>;
  readonly members: { readonly question: Question; readonly positions: readonly number[] }[];
}

export function createEntityBatch<Question extends EntityQuestion>(): EntityBatch<Question> {
  const questions: Question[] = [];
  const units = new Map<string, Unit<Question>>();
  let representations = 0;
  let characters = 0;

  function fits({ fetch }: Question, isNew: boolean, added: number): boolean {
    if (questions.length === 0) return true;
    if (representations + added > LIMITS.representations) return false;
    return !isNew || (units.size < LIMITS.fetches && characters + fetch.text.length <= LIMITS.characters);
  }

  /** Always in the same order: a subgraph knows the document again. */
  function placed(): { readonly unit: Unit<Question>; readonly part: DocumentPart }[] {
    const copies = new Map<EntityFetch, number>();
    return [...units.values()]
      .sort((left, right) => left.fetch.id - right.fetch.id)
      .map((unit) => {
        const copy = copies.get(unit.fetch) ?? 0;
        copies.set(unit.fetch, copy + 1);
        return { unit, part: unit.fetch.part(copy) };
      });
  }

  /** Response names of the units; alone, a fetch keeps its own. */
  function aliases(): ReadonlyMap<Unit<Question>, string> {
    const all = placed();
    return new Map(all.map(({ unit, part }) => [unit, all.length === 1 ? ENTITIES : part.alias]));
  }

  return {
    questions,
    get fetches() {
      return units.size;
    },
    holds: (question) => units.has(keyOf(question)),
    add(question) {
      const { fetch, variables } = question;
      const key = keyOf(question);
      const existing = units.get(key);
      const texts = question.representations.map((representation) => JSON.stringify(representation));
      const unit: Unit<Question> = existing ?? {
        fetch,
        variables,
        representations: [],
        positions: new Map(),
        members: [],
      };
      const added = new Set(texts.filter((text) => !unit.positions.has(text))).size;
      if (!fits(question, existing === undefined, added)) return false;
      if (existing === undefined) {
        units.set(key, unit);
        characters += fetch.text.length;
      }
      texts.forEach((text, index) => {
        if (unit.positions.has(text)) return;
        unit.positions.set(text, unit.representations.length);
        unit.representations.push(question.representations[index]);
      });
      unit.members.push({ question, positions: texts.map((text) => unit.positions.get(text) ?? 0) });
      questions.push(question);
      representations += added;
      return true;
    },
    request() {
      const all = placed();
      const [first] = all;
      if (first === undefined) throw new Error("a batch of nothing is never sent");
      if (all.length === 1) {
        const { fetch, variables } = first.unit;
        return { query: fetch.text, variables: { ...variables, [REPRESENTATIONS]: first.unit.representations } };
      }
      const variables = all.flatMap(({ unit, part }) =>
        Object.entries({ ...unit.variables, [REPRESENTATIONS]: unit.representations }).map(
          ([name, value]) => [part.variableName(name), value] as const,
        ),
      );
      return {
        query: documentOf(
          ENRICHMENT_NAME,
          all.map(({ part }) => part),
        ),
        variables: Object.fromEntries(variables),
      };
    },
    split(answer) {
      const answers = new Map<Question, EntityAnswer>();
      const names = aliases();
      const ownAliases = new Set(names.values());
      for (const unit of units.values()) {
        const alias = names.get(unit) ?? ENTITIES;
        const errors = (answer.errors ?? []).filter(
          ({ path }) => path?.[0] === alias || !ownAliases.has(String(path?.[0])),
        );
        for (const [question, own] of splitUnit(unit, answer.data?.[alias], errors)) answers.set(question, own);
      }
      return questions.map((question) => answers.get(question) ?? { data: null, errors: [] });
    },
    smaller() {
      const groups =
        units.size > 1
          ? [...units.values()].map(({ members }) => members.map(({ question }) => question))
          : questions.map((question) => [question]);
      return groups.map((group) => {
        const batch = createEntityBatch<Question>();
        for (const question of group) batch.add(question);
        return batch;
      });
    },
  };
}

function keyOf({ fetch, variables }: EntityQuestion): string {
  return `${fetch.id} ${JSON.stringify(variables)}`;
}

function splitUnit<Question>(
  { members, representations }: Unit<Question>,
  found: unknown,
  errors: readonly GraphQLFormattedError[],
): Map<Question, EntityAnswer> {
  const answers = new Map<Question, EntityAnswer>();
  const complete = Array.isArray(found) && found.length === representations.length ? found : undefined;
  const handedOut = new Set<number>();
  for (const { question, positions } of members) {
    const own = errors.flatMap((error) => routed(error, positions, complete !== undefined));
    const entities = complete && positions.map((position) => take(complete, position, handedOut));
    // Neither entities nor a reason: the executor says what is missing.
    const missing = own.length === 0 ? {} : null;
    answers.set(question, { data: entities === undefined ? missing : { [ENTITIES]: entities }, errors: own });
  }
  return answers;
}

/**
 * The error at the member's own places. Without data it is everybody's, at the first place: the whole fetch is missing.
 */
function routed(
  error: GraphQLFormattedError,
  positions: readonly number[],
  hasData: boolean,
): readonly GraphQLFormattedError[] {
  const [, position, ...rest] = error.path ?? [];
  if (error.path === undefined || (hasData && typeof position !== "number")) return [withPath(error, undefined)];
  if (!hasData) return [withPath(error, [ENTITIES, 0])];
  return positions.flatMap((own, index) => (own === position ? [withPath(error, [ENTITIES, index, ...rest])] : []));
}

function withPath(error: GraphQLFormattedError, path: readonly (string | number)[] | undefined): GraphQLFormattedError {
  const { path: _foreign, locations: _elsewhere, ...facts } = error;
  return path === undefined ? facts : { ...facts, path };
}

/** The executor merges later fetches into what it was given: only one may have the original. */
function take(entities: readonly unknown[], position: number, handedOut: Set<number>): unknown {
  if (handedOut.has(position)) return copyJson(entities[position]);
  handedOut.add(position);
  return entities[position];
}
