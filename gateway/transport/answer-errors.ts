/**
 * The `errors` member of a subgraph's answer. Subgraphs are other people's programs: whatever they put there is read as
 * far as it makes sense, and costs nothing but itself. Source: GraphQL specification (October 2021), "Errors".
 */
import { isJsonObject, type JsonObject } from "./json-object.ts";

export interface AnswerError {
  /** Empty when the subgraph gave none. */
  readonly message: string;
  /** Absent: the error is about no place, or about one that cannot be told. */
  readonly path: readonly (string | number)[] | undefined;
  readonly extensions: JsonObject;
}

export interface AnswerErrors {
  readonly errors: readonly AnswerError[];
  /** How many more there are: an answer must not fill the memory with them. */
  readonly omitted: number;
}

/** As many as there are entities in a usual fetch: each may have failed. */
export const MAX_ERRORS = 1_000;
const NONE: AnswerErrors = { errors: [], omitted: 0 };
/** A response name begins otherwise: some servers write the indices of lists as text. */
const INDEX = /^\d{1,9}$/;

/**
 * @param member whatever the answer holds as `errors`
 * @param odd told what is not as the specification wants it
 */
export function readErrors(member: unknown, odd: (what: string) => void): AnswerErrors {
  if (member === null || member === undefined) return NONE;
  if (Array.isArray(member)) {
    const read = member.slice(0, MAX_ERRORS).map((error: unknown) => readError(error, odd));
    if (member.length > MAX_ERRORS) odd(`${member.length} errors`);
    return { errors: read, omitted: member.length - read.length };
  }
  odd("`errors` is no list");
  // Some servers write an empty list as an empty object, and nothing as `false`.
  const saysNothing = isJsonObject(member) ? Object.keys(member).length === 0 : !member;
  return saysNothing ? NONE : { errors: [readError(member, odd)], omitted: 0 };
}

function readError(error: unknown, odd: (what: string) => void): AnswerError {
  if (!isJsonObject(error)) {
    odd("an error is no object");
    return { message: textOf(error), path: undefined, extensions: {} };
  }
  const { message, path, locations, extensions } = error;
  if (typeof message !== "string") odd("an error's message is no text");
  // Its places in the document are nobody's business here, but they tell of what kind the server is.
  if (locations !== undefined && !Array.isArray(locations)) odd("an error's locations are no list");
  if (extensions !== undefined && !isJsonObject(extensions)) odd("an error's extensions are no object");
  return {
    message: textOf(message),
    path: readPath(path, odd),
    extensions: isJsonObject(extensions) ? extensions : {},
  };
}

function textOf(message: unknown): string {
  if (typeof message === "string") return message;
  return typeof message === "number" || typeof message === "boolean" ? String(message) : "";
}

/** A path with an odd member ends before it: what is above the place is known all the same. */
function readPath(path: unknown, odd: (what: string) => void): AnswerError["path"] {
  if (path === undefined) return undefined;
  if (!Array.isArray(path)) {
    odd("an error's path is no list");
    return undefined;
  }
  const steps = path.map(readStep);
  const end = steps.indexOf(undefined);
  if (end !== -1) odd("an error's path holds something else than names and indices");
  const read = (end === -1 ? steps : steps.slice(0, end)).filter((step) => step !== undefined);
  return read.length === 0 ? undefined : read;
}

function readStep(step: unknown): string | number | undefined {
  if (typeof step === "string") return INDEX.test(step) ? Number(step) : step;
  return typeof step === "number" && Number.isInteger(step) && step >= 0 ? step : undefined;
}
