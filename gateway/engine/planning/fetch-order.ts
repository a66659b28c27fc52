/**
 * The order in which fetches run: each begins as soon as the data holds what it needs, the place of its objects and the
 * fields that it sends of them.
 */
import type { FetchNode, PlanNode, QueryPlanSelectionNode, ResponsePath } from "@apollo/query-planner";
import type { FederationFacts } from "./federation-facts.ts";
import { addFields, readFetch } from "./fetch-document.ts";
import { atPath, type FetchPart, fetchNode } from "./fetch-parts.ts";
import { emptyPlace, fieldsAt, overlap, type Place, type PlannedField } from "./planned-data.ts";
import { type SentField, sentBy, typesToSend } from "./representations.ts";

interface Waiting {
  readonly number: number;
  readonly part: FetchPart;
  readonly node: FetchNode;
  readonly needs: readonly Need[];
}

/** A field that the data must hold before a fetch is sent. */
interface Need {
  readonly field: PlannedField;
  /** Of which objects; absent: of all. */
  readonly types: ReadonlySet<string> | undefined;
  /** One fetch that brings it is enough. */
  readonly any?: boolean;
}

const ALWAYS = () => true;

/** @returns fetches that run beside each other, in the order of these groups */
export function inOrder(parts: readonly FetchPart[], facts: FederationFacts): PlanNode[][] {
  const all = dataOf(numbered(parts), facts);
  const sent = parts.flatMap((part) => sendable(part, placesOn(all, part.path).at(-1)?.places ?? [], facts));
  const fetches = numbered(sent);
  const data = dataOf(fetches, facts);
  let waiting = fetches.map((fetch): Waiting => ({ ...fetch, needs: needsOf(fetch, data, facts) }));
  const done = new Set<number>();
  const groups: PlanNode[][] = [];
  while (waiting.length > 0) {
    const turn = Math.min(...waiting.map(({ part }) => part.turn));
    const own = waiting.filter(({ part }) => part.turn === turn);
    const ready = own.filter((fetch) => fetch.needs.every((need) => isWhole(need, fetch.number, done)));
    // Where two fetches could each bring the other some of what it needs, the first goes with what is there.
    const first = own.find((fetch) => fetch.needs.every((need) => isThere(need, fetch.number, done))) ?? own[0];
    const next = ready.length > 0 ? ready : first === undefined ? [] : [first];
    for (const { number } of next) done.add(number);
    waiting = waiting.filter((fetch) => !next.includes(fetch));
    groups.push(next.map(({ part, node }) => atPath(part.path, node)));
  }
  return groups;
}

type Numbered = Pick<Waiting, "number" | "part" | "node">;

function numbered(parts: readonly FetchPart[]): Numbered[] {
  return parts.map((part, number) => ({ number, part, node: fetchNode(part) }));
}

/** What the data will hold when all fetches have run. */
function dataOf(fetches: readonly Numbered[], facts: FederationFacts): Place {
  const data = emptyPlace();
  // Whoever brings a place comes before those who bring something below it.
  for (const { number, part, node } of fetches.toSorted(
    (one, other) => one.part.path.length - other.part.path.length,
  )) {
    const document = readFetch(node);
    for (const place of placesOn(data, part.path).at(-1)?.places ?? []) {
      addFields({ fetch: node, document, number }, place, facts, () => undefined);
    }
  }
  return data;
}

/**
 * A subgraph may know an interface as an object. It is then asked for a field of all types, though the operation may
 * want it of some. The other types lack what the field requires, and are not asked about.
 */
function sendable(part: FetchPart, places: readonly Place[], facts: FederationFacts): FetchPart[] {
  if (part.withRequired === undefined || part.requires === undefined) return [part];
  const requires = part.requires.flatMap((selection): QueryPlanSelectionNode[] => {
    if (selection.kind !== "InlineFragment" || selection.typeCondition === undefined) return [selection];
    const possible = [...facts.possibleTypes(selection.typeCondition)];
    const whole = possible.filter((type) =>
      selection.selections.every(
        (field) =>
          field.kind !== "Field" ||
          field.name === "__typename" ||
          fieldsAt(places, field.name, new Set([type]), ALWAYS).length > 0,
      ),
    );
    if (whole.length === possible.length) return [selection];
    return whole.map((typeCondition) => ({ ...selection, typeCondition }));
  });
  return requires.length === 0 ? [] : [{ ...part, requires }];
}

function needsOf({ part, node }: Pick<Waiting, "part" | "node">, data: Place, facts: FederationFacts): Need[] {
  const steps = placesOn(data, part.path);
  const needs: Need[] = steps.flatMap(({ fields }) => fields.map((field) => ({ field, types: undefined })));
  const places = steps.at(-1)?.places ?? [];

  function add(sent: readonly SentField[], at: readonly Place[], types: ReadonlySet<string> | undefined): void {
    for (const { readAs, types: own = types, below } of sent) {
      const fields = fieldsAt(at, readAs, own, ALWAYS);
      needs.push(...fields.map((field) => ({ field, types: own })));
      const inner = fields.map((field) => field.below);
      add(below, inner, undefined);
    }
  }

  for (const { types, fields, conditions } of sentBy(node, facts)) {
    add(
      fields.filter(({ readAs }) => readAs !== "__typename"),
      places,
      types,
    );
    for (const condition of conditions) {
      const sentTypes = typesToSend(condition, facts);
      for (const field of fieldsAt(places, "__typename", sentTypes, ALWAYS))
        needs.push({ field, types: sentTypes, any: true });
    }
  }
  return needs;
}

/** The fields that lead to the objects of a path, step by step, and the places where these are. */
function placesOn(data: Place, path: ResponsePath) {
  const steps: { readonly fields: readonly PlannedField[]; readonly places: readonly Place[] }[] = [
    { fields: [], places: [data] },
  ];
  for (const step of path) {
    if (step === "@") continue;
    const fields = fieldsAt(steps.at(-1)?.places ?? [], String(step), undefined, ALWAYS);
    steps.push({ fields, places: fields.map(({ below }) => below) });
  }
  return steps;
}

/** Has everything come of the field that will ever come? */
function isWhole({ field, types, any = false }: Need, number: number, done: ReadonlySet<number>): boolean {
  if (any) return isThere({ field, types }, number, done);
  const sources = field.sources.filter(({ fetch }) => fetch !== number);
  const come = sources.filter(({ fetch }) => done.has(fetch));
  return sources.every(
    (source) =>
      done.has(source.fetch) ||
      [...source.types].every((type) => types?.has(type) === false || come.some((other) => other.types.has(type))),
  );
}

function isThere({ field, types }: Need, number: number, done: ReadonlySet<number>): boolean {
  const sources = field.sources.filter(({ fetch }) => fetch !== number);
  return (
    sources.length === 0 ||
    sources.some((source) => done.has(source.fetch) && (types === undefined || overlap(source.types, types)))
  );
}
