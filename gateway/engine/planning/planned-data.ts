/**
 * The data that a request will hold while its plan runs: the fields of each place, their meaning, the types of objects
 * that have them, and the fetch that brings them. It holds no values, since plans are checked before they run.
 */
import type { ResponsePath } from "@apollo/query-planner";

/** Objects at one path of the data. */
export interface Place {
  /** By response name. More than one where objects of different types have different fields under one name. */
  readonly fields: Map<string, PlannedField[]>;
}

export interface PlannedField {
  /** The field with its arguments. */
  readonly meaning: string;
  readonly sources: Source[];
  readonly below: Place;
}

/** A fetch, by its number, and the types of objects whose field it brings. */
interface Source {
  readonly fetch: number;
  readonly types: ReadonlySet<string>;
}

/** Has the fetch of this number ended before the one that is looked at begins? */
export type Ended = (fetch: number) => boolean;

export function emptyPlace(): Place {
  return { fields: new Map() };
}

/** Notes that a fetch brings a field. */
export function addField(
  place: Place,
  responseName: string,
  meaning: string,
  { fetch, types }: Source,
): { readonly field: PlannedField; readonly conflicts: readonly PlannedField[] } {
  const existing = place.fields.get(responseName) ?? [];
  place.fields.set(responseName, existing);
  let field = existing.find((candidate) => candidate.meaning === meaning);
  if (field === undefined) {
    field = { meaning, sources: [], below: emptyPlace() };
    existing.push(field);
  }
  field.sources.push({ fetch, types });
  const conflicts =
    existing.length === 1
      ? NO_CONFLICTS
      : existing.filter((other) => other !== field && other.sources.some((source) => overlap(source.types, types)));
  return { field, conflicts };
}

const NO_CONFLICTS: readonly PlannedField[] = [];

/** Fields under a name that objects of these types have by now. */
export function fieldsAt(
  places: readonly Place[],
  responseName: string,
  types: ReadonlySet<string> | undefined,
  ended: Ended,
): PlannedField[] {
  return places.flatMap((place) =>
    (place.fields.get(responseName) ?? []).filter(({ sources }) =>
      sources.some((source) => ended(source.fetch) && (types === undefined || overlap(source.types, types))),
    ),
  );
}

/** @param path as plans write it: `@` stands for every item of a list */
export function placesAt(root: Place, path: ResponsePath, ended: Ended): Place[] {
  return path
    .filter((step) => step !== "@")
    .reduce<Place[]>(
      (places, step) => fieldsAt(places, String(step), undefined, ended).map(({ below }) => below),
      [root],
    );
}

export function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one === other) return one.size > 0;
  const [fewer, more] = one.size <= other.size ? [one, other] : [other, one];
  for (const name of fewer) if (more.has(name)) return true;
  return false;
}

export function common(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  if (one === other) return one;
  const [fewer, more] = one.size <= other.size ? [one, other] : [other, one];
  for (const name of fewer) if (!more.has(name)) return new Set([...fewer].filter((type) => more.has(type)));
  return fewer;
}
