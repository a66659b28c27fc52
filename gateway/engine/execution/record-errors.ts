/**
 * Turns the errors of a subgraph's answer into failures of the objects that the fetch was about. Nothing here runs for
 * an answer without errors.
 */
import type { GraphQLFormattedError } from "graphql";
import { WRONG_ANSWER } from "../../errors/public-error.ts";
import { ENTITIES } from "../../transport/entity-document.ts";
import type { JsonObject } from "../../transport/json-object.ts";
import { type FetchedNames, fetchedNames } from "../plan/fetched-names.ts";
import type { FetchStep } from "../plan/steps.ts";
import type { Failure, Failures, InternalPath } from "./failures.ts";

/** As deep as any selection and its lists: a longer path of a subgraph leads nowhere. */
const MAX_PATH = 200;

/** @param objects of a root type that the fetch completes; @param nothing brought it no data at all? */
export function recordRootErrors(
  failures: Failures,
  step: FetchStep,
  objects: readonly JsonObject[],
  errors: readonly GraphQLFormattedError[],
  nothing: boolean,
): void {
  const names = fetchedNames(step);
  let first: Failure | undefined;
  for (const error of errors) {
    const failure = failureOf(step, error);
    failures.add(failure);
    first ??= failure;
    const path = knownPath(step, names, error.path ?? []);
    if (path.length === 0) failures.unlocated(failure);
    else for (const object of objects) failures.at(object, path, failure);
  }
  if (!nothing || first === undefined) return;
  for (const object of objects) failures.missing(object, step, first);
}

/**
 * @param objects for each representation those that it stands for
 * @param entities as answered; absent when the answer has no list of them, or a list of another length
 */
export function recordEntityErrors(
  failures: Failures,
  step: FetchStep,
  objects: readonly (readonly JsonObject[])[],
  errors: readonly GraphQLFormattedError[],
  entities: readonly unknown[] | undefined,
): void {
  const names = fetchedNames(step);
  const isMissing = (index: number) =>
    entities === undefined || entities[index] === null || entities[index] === undefined;
  let ofAll: Failure | undefined;
  for (const error of errors) {
    const failure = failureOf(step, error);
    failures.add(failure);
    const [root, index, ...rest] = error.path ?? [];
    const own = root === ENTITIES && typeof index === "number" ? objects[index] : undefined;
    if (own === undefined || typeof index !== "number") {
      failures.unlocated(failure);
      ofAll ??= failure;
      continue;
    }
    // Without any entity it is everybody's, whichever it names.
    if (entities === undefined) ofAll ??= failure;
    const path = knownPath(step, names, rest);
    for (const object of own) {
      if (path.length > 0 || !isMissing(index)) failures.at(object, path, failure);
      if (isMissing(index)) failures.missing(object, step, failure);
    }
  }
  if (ofAll === undefined) return;
  for (const [index, own] of objects.entries()) {
    if (isMissing(index)) for (const object of own) failures.missing(object, step, ofAll);
  }
}

function failureOf({ subgraph }: FetchStep, error: GraphQLFormattedError): Failure {
  const message = error.message === "" ? `Error while fetching subquery from service "${subgraph}"` : error.message;
  const extensions = { code: WRONG_ANSWER, ...error.extensions, serviceName: subgraph };
  return { error: { message, extensions }, reported: false };
}

/**
 * As far as it leads through what was fetched, by names in the data: a subgraph's errors carry those that the fetch
 * gave.
 */
function knownPath({ renamed }: FetchStep, names: FetchedNames, path: InternalPath): InternalPath {
  const found: (string | number)[] = [];
  let here: FetchedNames | undefined = names;
  for (const element of path.slice(0, MAX_PATH)) {
    if (typeof element === "string") {
      const name = renamed.get(element) ?? element;
      here = here.members.get(name);
      if (here === undefined) break;
      found.push(name);
    } else found.push(element);
  }
  return found;
}
