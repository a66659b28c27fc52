/**
 * Failures of fetches, held by the objects that they concern until the answer is written. Only then is it known which
 * nulls clients see. An error with a path is held at that path below the object that the fetch completes. An error that
 * cost an object all fields of a fetch is held with the names of these fields.
 */

import type { ResponsePath } from "@apollo/query-planner";
import type { GraphQLFormattedError } from "graphql";
import { type FetchedNames, fetchedNames } from "../plan/fetched-names.ts";
import type { FetchStep } from "../plan/steps.ts";

export interface Failure {
  readonly error: Pick<GraphQLFormattedError, "message" | "extensions">;
  /** Was a client told of it yet? */
  reported: boolean;
}

/** Names in the data, and indices of lists. */
export type InternalPath = readonly (string | number)[];

/** Failures at a place in the data. */
export type FailuresHere = FailedPlace | MissingPlace;

interface FailedPlace {
  readonly kind: "failed";
  /** Of exactly this place. */
  readonly own: readonly Failure[];
  readonly members: ReadonlyMap<string | number, FailedPlace>;
}

interface MissingPlace {
  readonly kind: "missing";
  /** Why it is missing, where it is. */
  readonly failure: Failure;
  readonly names: FetchedNames;
}

export interface Failures {
  /** Every failure is announced here before it is held anywhere. */
  add(failure: Failure): void;
  /** In the order in which they came. */
  all(): readonly Failure[];
  /** At an object. */
  of(object: object): readonly FailuresHere[];
  /** The failure costs `path` below the object. */
  at(object: object, path: InternalPath, failure: Failure): void;
  /** The failure costs the object all that the fetch would have brought, unless another failure did already. */
  missing(object: object, step: FetchStep, failure: Failure): void;
  /** Did a failure cost the object what the fetch would have brought? */
  isMissing(object: object, step: FetchStep): boolean;
  /** What failed fetches about objects above `path` would have brought to those there. */
  above(path: ResponsePath): readonly FailuresHere[];
  /** It is about nothing in particular. */
  unlocated(failure: Failure): void;
  /** Those about nothing in particular that explained no null. */
  unreported(): readonly Failure[];
}

export const NO_FAILURES: readonly FailuresHere[] = [];

interface GrowingPlace extends FailedPlace {
  readonly own: Failure[];
  readonly members: Map<string | number, GrowingPlace>;
}

interface ObjectFailures {
  readonly here: FailuresHere[];
  place: GrowingPlace | undefined;
}

export function createFailures(): Failures {
  const byObject = new Map<object, ObjectFailures>();
  /** The first failure of each fetch. */
  const byStep = new Map<FetchStep, Failure>();
  const all: Failure[] = [];
  const unlocated: Failure[] = [];

  function failuresOf(object: object): ObjectFailures {
    const existing = byObject.get(object) ?? { here: [], place: undefined };
    byObject.set(object, existing);
    return existing;
  }

  function isMissing(object: object, step: FetchStep): boolean {
    const here = byObject.get(object)?.here ?? NO_FAILURES;
    return here.some((each) => each.kind === "missing" && each.names === fetchedNames(step));
  }

  return {
    add(failure) {
      all.push(failure);
    },
    all: () => all,
    of: (object) => byObject.get(object)?.here ?? NO_FAILURES,
    at(object, path, failure) {
      const objectFailures = failuresOf(object);
      if (objectFailures.place === undefined) {
        objectFailures.place = newPlace();
        objectFailures.here.push(objectFailures.place);
      }
      let place = objectFailures.place;
      for (const name of path) {
        const next = place.members.get(name) ?? newPlace();
        place.members.set(name, next);
        place = next;
      }
      place.own.push(failure);
    },
    missing(object, step, failure) {
      if (isMissing(object, step)) return;
      failuresOf(object).here.push({ kind: "missing", failure, names: fetchedNames(step) });
      if (!byStep.has(step)) byStep.set(step, failure);
    },
    isMissing,
    above: (path) =>
      [...byStep].flatMap(([step, failure]) => {
        if (step.path.length >= path.length || step.path.some((part, depth) => part !== path[depth])) return [];
        const start: FailuresHere = { kind: "missing", failure, names: fetchedNames(step) };
        return path.slice(step.path.length).reduce<readonly FailuresHere[]>(failuresAt, [start]);
      }),
    unlocated(failure) {
      unlocated.push(failure);
    },
    unreported: () => unlocated.filter(({ reported }) => !reported),
  };
}

function newPlace(): GrowingPlace {
  return { kind: "failed", own: [], members: new Map() };
}

/** Failures at a member of an object or an item of a list. */
export function failuresBelow(here: readonly FailuresHere[], name: string | number): readonly FailuresHere[] {
  if (here.length === 0) return NO_FAILURES;
  const found = here.flatMap((each): FailuresHere[] => {
    if (each.kind === "failed") {
      const member = each.members.get(name);
      return member === undefined ? [] : [member];
    }
    if (typeof name === "number") return [each];
    const names = each.names.members.get(name);
    return names === undefined ? [] : [{ ...each, names }];
  });
  return found.length === 0 ? NO_FAILURES : found;
}

/** `@` stands for every item of a list. */
function failuresAt(here: readonly FailuresHere[], part: string | number): readonly FailuresHere[] {
  return failuresBelow(here, part === "@" ? 0 : part);
}

/** A failure of exactly this place, one that nobody was told of if there is one. */
export function ownFailure(here: readonly FailuresHere[]): Failure | undefined {
  let found: Failure | undefined;
  for (const each of here) {
    if (each.kind !== "failed") continue;
    for (const failure of each.own) {
      if (!failure.reported) return failure;
      found ??= failure;
    }
  }
  return found;
}

export interface Explanation {
  readonly failure: Failure;
  /** Where it happened, from the null on. */
  readonly path: InternalPath;
}

/** Looked through for one null. */
const MAX_EXPLANATIONS = 100;

/**
 * Why there may be a null here. First come failures of exactly this place, then those further down, which may have
 * taken this place with them. Last comes the failure of the fetch that would have brought it.
 * @param value null, or undefined where nothing was fetched
 */
export function explanations(here: readonly FailuresHere[], value: unknown): readonly Explanation[] {
  const own = ownFailure(here);
  if (own !== undefined) return [{ failure: own, path: [] }];
  const found: Explanation[] = [];
  for (const each of here) if (each.kind === "failed") collectBelow(each, [], found);
  if (found.length > 0 || value !== undefined) return found;
  const missing = here.find((each) => each.kind === "missing");
  return missing === undefined ? [] : [{ failure: missing.failure, path: [] }];
}

function collectBelow(place: FailedPlace, path: InternalPath, found: Explanation[]): void {
  for (const [name, member] of place.members) {
    if (found.length >= MAX_EXPLANATIONS) return;
    const [failure] = member.own;
    if (failure !== undefined) found.push({ failure, path: [...path, name] });
    collectBelow(member, [...path, name], found);
  }
}
