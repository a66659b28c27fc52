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
  /**
   * Entities of which a subgraph says that there are none: they are null where a part of theirs is missing that may not
   * be.
   */
  readonly missingEntities: ReadonlySet<object>;
  /** Objects that stand at several places … */
  readonly shared: ReadonlySet<object>;
  /** … and the text of those that were written, by who wrote them. */
  readonly texts: Map<Write, Map<object, string>>;
}

/** The text; `null` for a null that stands as it is; `undefined` for a null whose error was told. */
export type Write = (value: unknown, writing: Writing) => string | null | undefined;

/** A place below a value of which something was told. */
export interface Located {
  /** In response names, as far as the operation selects what is there. */
  readonly path: AnswerPath;
  /** Would a null there make the value null? `undefined`: the operation does not select it. */
  readonly passedOn: boolean | undefined;
}

/** @param path names in the data, from the value on */
export type Locate = (path: InternalPath) => Located;

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

const HERE: Located = { path: [], passedOn: true };
const NOWHERE: Located = { path: [], passedOn: undefined };

/** Of a value that has nothing below it. */
export const locateLeaf: Locate = (path) => (path.length === 0 ? HERE : NOWHERE);

/** @param below finds a member and what is there */
export function locateBelow(path: InternalPath, below: (name: string | number) => Member | undefined): Located {
  const [name, ...rest] = path;
  if (name === undefined) return HERE;
  const member = below(name);
  if (member === undefined) return NOWHERE;
  const located = member.locate(rest);
  return { path: [member.name, ...located.path], passedOn: member.nonNull ? located.passedOn : false };
}

/** A field of an object, or an item of a list. */
export interface Member {
  readonly name: string | number;
  readonly nonNull: boolean;
  readonly locate: Locate;
}

/** @returns for a value that its type cannot have */
export function wrong({ errors, path }: Writing, message: string): undefined {
  errors.add(message, path);
  return undefined;
}
