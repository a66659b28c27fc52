/**
 * Writes the members of objects and the items of lists, and passes nulls on that may not be where they are. Where
 * nothing failed while data was fetched nothing is looked for; otherwise each null is told why it is one.
 */

import type { JsonObject } from "../../transport/json-object.ts";
import {
  explanations,
  type Failure,
  type FailuresHere,
  failuresBelow,
  NO_FAILURES,
  ownFailure,
} from "../execution/failures.ts";
import type { AnswerPath } from "./answer-errors.ts";
import { describedValue } from "./described-value.ts";
import {
  type FieldWriter,
  type Locate,
  locateBelow,
  type ValueWriter,
  type Write,
  type Writing,
  wrong,
} from "./writing.ts";

export function writeObject(
  shape: readonly FieldWriter[],
  object: JsonObject,
  writing: Writing,
): string | null | undefined {
  if (writing.failures !== undefined) return writeFailed(shape, object, writing);
  const before = writing.errors.count;
  let text = "{";
  for (const field of shape) {
    const { head, name, write } = field;
    const value = field.read(object);
    let written: string | null | undefined = null;
    if (value !== null && value !== undefined) {
      writing.path.push(name);
      written = write(value, writing);
      writing.path.pop();
    }
    if (typeof written !== "string") {
      if (field.nonNull) return passedOn(field, object, value, written, writing, before);
      written = "null";
    }
    text += text.length === 1 ? head + written : `,${head}${written}`;
  }
  return `${text}}`;
}

/** The same where something went wrong while data was fetched: what failed is told at each null that it explains. */
function writeFailed(shape: readonly FieldWriter[], object: JsonObject, writing: Writing): string | null | undefined {
  const { errors, path, failures } = writing;
  const before = errors.count;
  const own = failures?.of(object) ?? NO_FAILURES;
  const here = own.length === 0 ? writing.here : [...writing.here, ...own];
  tellWarning(ownFailure(here), writing);
  let text = "{";
  for (const field of shape) {
    const value = field.read(object);
    writing.here = failuresBelow(here, field.internal);
    path.push(field.name);
    let written = writeValue(field, value, writing);
    path.pop();
    if (typeof written !== "string") {
      if (field.nonNull) return passedOn(field, object, value, written, writing, before);
      written = "null";
    }
    text += text.length === 1 ? field.head + written : `,${field.head}${written}`;
  }
  return `${text}}`;
}

/** A field's value or a list's item, and what is to be told at its place. */
function writeValue({ write, locate }: ValueWriter, value: unknown, writing: Writing): string | null | undefined {
  const { here, errors, path } = writing;
  const written = value === null || value === undefined ? null : write(value, writing);
  if (here.length === 0) return written;
  if (typeof written === "string") tellWarning(ownFailure(here), writing);
  if (written !== null) return written;
  const why = explanation(here, value, locate);
  if (why === undefined) return null;
  errors.tell(why.failure, [...path, ...why.path]);
  return undefined;
}

/**
 * Of all that failed below a null rather what may not be null there, then what the operation does not select: the
 * others keep to themselves.
 */
function explanation(
  here: readonly FailuresHere[],
  value: unknown,
  locate: Locate,
): { readonly failure: Failure; readonly path: AnswerPath } | undefined {
  let unselected: { readonly failure: Failure; readonly path: AnswerPath } | undefined;
  let other: typeof unselected;
  for (const { failure, path } of explanations(here, value)) {
    const located = locate(path);
    const found = { failure, path: located.path };
    if (located.passedOn === true) return found;
    if (located.passedOn === undefined) unselected ??= found;
    else other ??= found;
  }
  return unselected ?? other;
}

/**
 * An object that cannot be written, since it is not known what it is: because there is no such entity, because of what
 * failed, or because a subgraph did not say it.
 */
export function untyped(object: JsonObject, writing: Writing, message: string): null | undefined {
  if (writing.missingEntities.has(object)) return null;
  const { here, errors, path, failures } = writing;
  const ofType = failuresBelow([...here, ...(failures?.of(object) ?? NO_FAILURES)], "__typename");
  const [why] = explanations(ofType, undefined);
  if (why === undefined) errors.add(message, path);
  else errors.tell(why.failure, path);
  return undefined;
}

/** An error beside data: told once, wherever the data stands. */
function tellWarning(failure: Failure | undefined, { errors, path }: Writing): void {
  if (failure?.reported === false) errors.tell(failure, path);
}

/** A null that may not be here takes the object with it; of all errors in the object that of the null stays. */
function passedOn(
  { name, parent }: FieldWriter,
  object: JsonObject,
  value: unknown,
  written: null | undefined,
  { missingEntities, errors, path }: Writing,
  before: number,
): null | undefined {
  if (value === undefined && written === null && missingEntities.has(object)) return null;
  if (written === null) errors.add(`Cannot return null for non-nullable field ${parent}.${name}.`, [...path, name]);
  errors.keepLastSince(before);
  return undefined;
}

export function listWriter(items: ValueWriter, nonNull: boolean, itemType: string): ValueWriter {
  const write: Write = (value, writing) => {
    if (!Array.isArray(value)) {
      return wrong(writing, `Invalid value found for a list of ${itemType}: ${describedValue(value)}.`);
    }
    const { here, errors, path, failures } = writing;
    const before = errors.count;
    let text = "[";
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      let written: string | null | undefined = null;
      path.push(index);
      if (failures !== undefined) {
        writing.here = failuresBelow(here, index);
        written = writeValue(items, item, writing);
      } else if (item !== null && item !== undefined) written = items.write(item, writing);
      if (typeof written !== "string") {
        if (nonNull) {
          if (written === null) {
            const message = `Cannot return null for non-nullable array element of type ${itemType} at index ${index}.`;
            errors.add(message, path);
          }
          path.pop();
          errors.keepLastSince(before);
          return undefined;
        }
        written = "null";
      }
      path.pop();
      text += index === 0 ? written : `,${written}`;
    }
    return `${text}]`;
  };
  const locate: Locate = (path) =>
    locateBelow(path, (index) =>
      typeof index === "number" ? { name: index, nonNull, locate: items.locate } : undefined,
    );
  return { write, locate };
}
