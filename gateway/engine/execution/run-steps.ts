/**
 * Runs the steps of a plan for one request. Guarantees that a fetch that fails costs its own fields only: its error is
 * noted where they are missing, and everything that does not depend on it goes on.
 */
import type { GraphQLFormattedError } from "graphql";
import type { GatewayContext } from "../../ports.ts";
import { copyObject, isJsonObject, type JsonObject } from "../../transport/json-object.ts";
import { parseJson } from "../../transport/lossless-json.ts";
import type { Representations, SubgraphAnswer, SubgraphClient } from "../../transport/subgraph-client.ts";
import type { FetchStep, SerialPart, Step } from "../plan/steps.ts";
import { type Copies, ownTargets } from "../plan/targets.ts";
import type { Part } from "../response/written-answers.ts";
import { createFailures, type Failures } from "./failures.ts";
import { merge } from "./merge.ts";
import { recordEntityErrors, recordRootErrors } from "./record-errors.ts";
import { recordSkippedObject } from "./record-skipped-object.ts";
import { type Shared, type Target, targetsAt, unite } from "./targets-at.ts";

export interface Run {
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly context: GatewayContext;
  /** As the client gave them, under the names that subgraphs get them by. */
  readonly variables: JsonObject;
  /** Everything fetched so far. */
  readonly data: JsonObject;
  /** Objects of `data` that stand at several places. */
  readonly shared: Shared;
  /** Objects of `data` of which a subgraph says, without an error, that there is no such entity. */
  readonly missingEntities: Set<object>;
  /** What went wrong; absent as long as nothing did. */
  failures: Failures | undefined;
  /** Would one of these root fields, as far as it is fetched, take all data with it? */
  leavesNothing(fields: readonly string[]): boolean;
  /** True until an answer comes whose strings may have to be escaped. */
  plain: boolean;
  /** What `data` is made of; absent from the first answer on that may be another object when it comes again. */
  parts: Part[] | undefined;
}

const NO_VARIABLES: JsonObject = Object.freeze({});

export function runSteps(step: Step, run: Run): Promise<unknown> {
  switch (step.kind) {
    case "sequence":
      return runInTurn(step.steps, run);
    case "serial":
      return runSerially(step.parts, run);
    case "parallel":
      return Promise.all(step.steps.map((inner) => runSteps(inner, run)));
    case "fetch":
      return step.representation === undefined ? fetchRoot(step, run) : fetchEntities(step, step.representation, run);
  }
}

async function runInTurn(steps: readonly Step[], run: Run): Promise<void> {
  for (const step of steps) await runSteps(step, run);
}

/**
 * As graphql-js does it: a field that may not be null and is leaves no data, so nothing after it is run. Source:
 * GraphQL specification (October 2021), "Handling Field Errors".
 */
async function runSerially(parts: readonly SerialPart[], run: Run): Promise<void> {
  for (const [index, { step, fields }] of parts.entries()) {
    await runSteps(step, run);
    if (index + 1 < parts.length && run.leavesNothing(fields)) return;
  }
}

async function fetchRoot(step: FetchStep, run: Run): Promise<void> {
  const targets = targetsAt(run.data, step.path, run.shared);
  if (targets.length === 0) return;
  const answer = await ask(step, run, undefined);
  take(step, run, answer);
  if (answer.errors.length > 0) {
    const objects = targets.map(({ object }) => object);
    recordRootErrors(failuresOf(run), step, objects, answer.errors, answer.data === null);
  }
  if (answer.data === null) return;
  const data = prepare(step, answer, answer.data, copiesOf(answer, run));
  for (const { object } of targets) merge(object, data, step.targets);
}

function failuresOf(run: Run): Failures {
  run.failures ??= createFailures();
  return run.failures;
}

/** What is asked about which objects. */
interface Question extends Representations {
  readonly texts: string[];
  /** Objects that each representation stands for. */
  readonly objects: JsonObject[][];
}

function questionOf(step: FetchStep, run: Run, representationOf: NonNullable<FetchStep["representation"]>): Question {
  const texts: string[] = [];
  const objects: JsonObject[][] = [];
  const firsts: Target[] = [];
  const indexByText = new Map<string, number>();
  const { failures } = run;
  const hasFailed = failures === undefined ? undefined : (object: JsonObject) => failures.of(object).length > 0;
  for (const target of targetsAt(run.data, step.path, run.shared)) {
    const text = representationOf(target.object, hasFailed);
    if (text === undefined) {
      if (failures !== undefined) recordSkippedObject(failures, step, target.object);
      continue;
    }
    const index = indexByText.get(text);
    const first = index === undefined ? undefined : firsts[index];
    if (index === undefined || first === undefined) {
      indexByText.set(text, texts.length);
      firsts.push(target);
      texts.push(text);
      objects.push([target.object]);
    } else if (hasFailures(failures, first, target) || !unite(first, target, run.shared)) {
      objects[index]?.push(target.object);
    }
  }
  const sent = step.inputRewrite === undefined ? texts : texts.map((text) => rewritten(text, step.inputRewrite));
  return { texts: sent, objects };
}

/** Of which one of them may hold more than the other. */
function hasFailures(failures: Failures | undefined, ...targets: readonly Target[]): boolean {
  return failures !== undefined && targets.some(({ object }) => failures.of(object).length > 0);
}

function rewritten(text: string, rewrite: FetchStep["inputRewrite"]): string {
  const value = parseJson(text);
  rewrite?.(value);
  return JSON.stringify(value);
}

async function fetchEntities(
  step: FetchStep,
  representationOf: NonNullable<FetchStep["representation"]>,
  run: Run,
): Promise<void> {
  const question = questionOf(step, run, representationOf);
  const { texts, objects } = question;
  if (texts.length === 0) return;
  const answer = await ask(step, run, question);
  take(step, run, answer);
  const entities = entitiesIn(answer, texts.length);
  const errors = entities === undefined && answer.errors.length === 0 ? [noEntities(texts.length)] : answer.errors;
  if (errors.length > 0) recordEntityErrors(failuresOf(run), step, objects, errors, entities);
  if (entities === undefined) return;
  const copies = copiesOf(answer, run);
  for (let index = 0; index < texts.length; index += 1) {
    const entity: unknown = entities[index];
    const [first, ...others] = objects[index] ?? [];
    if (entity === null) recordMissingEntities(run, step, objects[index] ?? []);
    if (!isJsonObject(entity) || first === undefined) continue;
    const data = prepareEntity(step, answer, entity, first, copies);
    complete(step, first, data);
    for (const object of others) complete(step, object, data);
  }
}

/** A null that no error explains: there is no such entity. */
function recordMissingEntities(
  { missingEntities, failures }: Run,
  step: FetchStep,
  objects: readonly JsonObject[],
): void {
  for (const object of objects) if (failures?.isMissing(object, step) !== true) missingEntities.add(object);
}

function noEntities(count: number): GraphQLFormattedError {
  return { message: `Expected "data._entities" in response to be an array of ${count} elements` };
}

function entitiesIn({ data }: SubgraphAnswer, count: number): readonly unknown[] | undefined {
  const entities = data?.["_entities"];
  return Array.isArray(entities) && entities.length === count ? entities : undefined;
}

/**
 * What is known of an object's type stays: the name of an interface, from a subgraph that knows it as an object, says
 * less.
 */
function complete(step: FetchStep, object: JsonObject, data: JsonObject): void {
  const typeName = object["__typename"];
  merge(object, data, step.targets);
  if (object["__typename"] !== typeName && typeName !== undefined && step.isInterface(object["__typename"])) {
    object["__typename"] = typeName;
  }
}

function ask(step: FetchStep, run: Run, representations: Representations | undefined): Promise<SubgraphAnswer> {
  const { subgraph, operation } = step;
  const client = run.clients.get(subgraph);
  if (client === undefined) throw new Error(`the plan asks ${subgraph}, which is no subgraph of the supergraph`);
  const variables = step.variables.length === 0 ? NO_VARIABLES : variablesFor(step, run);
  return client({ operation, variables, representations }, run.context);
}

function take(step: FetchStep, run: Run, { data, plain, interned, errors }: SubgraphAnswer): void {
  if (plain !== true) run.plain = false;
  if (interned === true && data !== null && errors.length === 0) run.parts?.push({ step, data });
  else run.parts = undefined;
}

function variablesFor(step: FetchStep, run: Run): JsonObject {
  const variables: JsonObject = {};
  for (const name of step.variables) {
    const value = Object.hasOwn(run.variables, name) ? run.variables[name] : undefined;
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

function copiesOf({ interned }: SubgraphAnswer, { shared }: Run): Copies | undefined {
  return interned === true ? { byTree: new Map(), shared } : undefined;
}

/** The answer as this request may merge and complete it. */
function prepare(
  step: FetchStep,
  { shared }: SubgraphAnswer,
  data: JsonObject,
  copies: Copies | undefined,
): JsonObject {
  if (step.outputRewrite !== undefined) {
    const copy = shared ? copyObject(data) : data;
    step.outputRewrite(copy);
    return copy;
  }
  return shared ? ownTargets(data, step.targets, copies) : data;
}

function prepareEntity(
  step: FetchStep,
  answer: SubgraphAnswer,
  entity: JsonObject,
  object: JsonObject,
  copies: Copies | undefined,
): JsonObject {
  // Rewrites ask for the type, which the subgraph was not necessarily asked for.
  const untyped = step.outputRewrite !== undefined && entity["__typename"] == null;
  return prepare(step, answer, untyped ? { ...entity, __typename: object["__typename"] } : entity, copies);
}
