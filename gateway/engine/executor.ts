/** Executes an operation: plans it once, runs its steps against the subgraphs, writes the answer as JSON text. */
import { type DocumentNode, GraphQLError, OperationTypeNode } from "graphql";
import { LRUCache } from "lru-cache";
import type { Stages } from "../../platform/tracing/stages.ts";
import type { GatewayContext, SchemaGeneration } from "../ports.ts";
import type { JsonObject } from "../transport/json-object.ts";
import type { SubgraphClient } from "../transport/subgraph-client.ts";
import {
  type CompiledOperation,
  type InspectOperation,
  type PreparedOperation,
  prepareOperation,
} from "./compiled-operation.ts";
import type { Failures } from "./execution/failures.ts";
import { fetchData, writeData } from "./operation-run.ts";
import { AnswerErrors } from "./response/answer-errors.ts";
import { createWrittenAnswers } from "./response/written-answers.ts";

export interface ExecutionRequest {
  readonly generation: SchemaGeneration;
  /** Equal for equal documents. */
  readonly documentId: string;
  /** Valid for the generation's API schema. */
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: JsonObject;
  readonly context: GatewayContext;
}

export interface ExecutionAnswer {
  /** JSON text; absent when the request was refused before anything was executed. */
  readonly data?: string;
  readonly errors: readonly GraphQLError[];
}

export interface Executor {
  /** Never rejects for anything that a subgraph does. */
  execute(request: ExecutionRequest): Promise<ExecutionAnswer>;
}

/** Also of plans: one operation with many conditions has many. */
const MAX_OPERATIONS = 1_000;
/** Of the documents of all that are cached: large ones are fewer. */
const MAX_TOKENS = 100_000;
/** Of the texts of answers that may come again, in characters: about so many bytes. */
const MAX_WRITTEN = 8 * 2 ** 20;

export interface ExecutorOptions {
  /** Every subgraph of a generation, by name. */
  clients(generation: SchemaGeneration): ReadonlyMap<string, SubgraphClient>;
  /** Looks at what answers are made of. */
  readonly inspection?: InspectOperation | undefined;
}

export function createExecutor({ clients, inspection }: ExecutorOptions): Executor {
  const prepared = new LRUCache<string, PreparedOperation>({ max: MAX_OPERATIONS, maxSize: MAX_TOKENS });
  const written = createWrittenAnswers(MAX_WRITTEN);
  const compiled = new LRUCache<string, CompiledOperation>({ max: MAX_OPERATIONS, maxSize: MAX_TOKENS });

  function prepare(id: string, { generation, document, operationName }: ExecutionRequest): PreparedOperation {
    const cachedOperation = prepared.get(id);
    if (cachedOperation !== undefined) return cachedOperation;
    const preparedOperation = prepareOperation(generation, document, operationName, inspection);
    prepared.set(id, preparedOperation, { size: preparedOperation.tokens });
    return preparedOperation;
  }

  function compile(id: string, operation: PreparedOperation, coerced: JsonObject): CompiledOperation {
    const key = id + operation.conditions(coerced);
    const cachedOperation = compiled.get(key);
    if (cachedOperation !== undefined) return cachedOperation;
    const compiledOperation = operation.compile(coerced);
    compiled.set(key, compiledOperation, { size: operation.tokens });
    return compiledOperation;
  }

  return {
    async execute(request) {
      const { variables, context } = request;
      context.stages?.enter("transformation");
      const id = idOf(request);
      const operation = prepare(id, request);
      if (operation.kind === OperationTypeNode.SUBSCRIPTION) throw new Error("a subscription is not run as a whole");
      const values = operation.coerce(variables);
      if ("errors" in values) return { errors: values.errors.map(asUserInput) };
      const { coerced, sent } = values;
      const { step, writer } = compile(id, operation, coerced);
      const answer = writer(coerced);
      const renamed = operation.renamed(sent);
      const run = await fetchData(step, answer, { clients: clients(request.generation), context, variables: renamed });
      const { data, failures, parts } = run;
      if (failures !== undefined && context.stages !== undefined) noteFailures(context.stages, data, failures);
      context.stages?.enter("formatting");
      const cachedText = parts === undefined ? undefined : written.find(answer, parts);
      const errors = new AnswerErrors();
      const text = writeData(answer, run, errors, cachedText);
      if (errors.count === 0 && failures === undefined) {
        if (parts !== undefined && cachedText === undefined) written.keep(answer, parts, text);
        operation.inspection?.inspect(data, context);
      }
      return { data: text, errors: errors.all() };
    },
  };
}

/** Names come last, with the conditions after them: no name holds a blank. */
function idOf({ generation, documentId, operationName }: ExecutionRequest): string {
  return `${generation.id} ${documentId} ${operationName ?? ""} `;
}

/** In the record of one request: the others are like them. */
const MAX_NOTED = 100;

/** An operation of which nothing came has failed; one of which a part is missing goes on. */
function noteFailures(stages: Stages, data: JsonObject, failures: Failures): void {
  const errors = failures
    .all()
    .slice(0, MAX_NOTED)
    .map(({ error: { message, extensions } }) => new GraphQLError(message, { extensions: extensions ?? null }));
  const [first] = errors;
  const nothing = Object.values(data).every((value) => value === null);
  if (nothing && first !== undefined) stages.fail(first);
  else for (const error of errors) stages.note(error);
}

function asUserInput(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path, originalError, extensions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    originalError: originalError ?? null,
    extensions: { ...extensions, code: "BAD_USER_INPUT" },
  });
}
