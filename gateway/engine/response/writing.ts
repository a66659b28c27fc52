/** How the parts of a writer work together: each writes the text of one kind of value. */

import type { JsonObject } from "../../transport/json-object.ts";
import type { Failures, FailuresHere, InternalPath } from "../execution/failures.ts";
import type { AnswerErrors, AnswerPath } from "./answer-errors.ts";

/** What goes wrong while one answer is written. */
export interface Writing {
  readonly errors: AnswerErrors;
  /** Where we are. */
  readonly path: (string | number)[];
  /** What went wrong while the data was fetched; absent where nothing did. */
  readonly failures: Failures | undefined;
  /** Of these, what is about the value that is written. */
  here: readonly FailuresHere[];
  /** No string in the data holds anything that JSON would escape. */
  readonly plain: boolean;
  /** Entities of which a subgraph says that there are none: they are null where a part of theirs is missing that may not be. */
  readonly gone: ReadonlySet<object>;
  /** Objects that stand at several places … */
  readonly shared: ReadonlySet<object>;
  /** … and the text of those that were written, by who wrote them. */
  readonly texts: Map<Write, Map<object, string>>;
}

/** The text; `null` for a null that stands as it is; `undefined` for a null whose error was told. */
export type Write = (value: unknown, writing: Writing) => string | null | undefined;

/** From names in the data below a value to response names: as far as the operation selects what they lead to. */
export type Locate = (path: InternalPath) => AnswerPath;

export interface ValueWriter {
  readonly write: Write;
  readonly locate: Locate;
}

export interface FieldWriter extends ValueWriter {
  /** `"name":` */
  readonly head: string;
  /** Response name. */
  readonly name: string;
  /** In the data. */
  readonly internal: string;
  readonly read: (object: JsonObject) => unknown;
  readonly nonNull: boolean;
  /** For messages. */
  readonly parent: string;
}

export const NOWHERE: Locate = () => [];

/** @returns for a value that its type cannot have */
export function wrong({ errors, path }: Writing, message: string): undefined {
  errors.add(message, path);
  return undefined;
}
