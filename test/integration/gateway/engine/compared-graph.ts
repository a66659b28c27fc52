// One supergraph over an invented world, run by our executor and by the stock one over the same subgraphs.
import { composeServices } from "@apollo/composition";
import { operationFromDocument } from "@apollo/federation-internals";
import { executeQueryPlan, type ServiceMap } from "@apollo/gateway";
import type { QueryPlan } from "@apollo/query-planner";
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type VariableDefinitionNode,
  validate,
} from "graphql";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { withoutConditions } from "../../../../gateway/engine/conditions.ts";
import { createExecutor } from "../../../../gateway/engine/executor.ts";
import type { GatewayContext, SchemaGeneration } from "../../../../gateway/ports.ts";
import { createEntityBatching } from "../../../../gateway/transport/entity-batches.ts";
import { internJson } from "../../../../gateway/transport/interned-json.ts";
import { isJsonObject } from "../../../../gateway/transport/json-object.ts";
import { parseJson } from "../../../../gateway/transport/lossless-json.ts";
import {
  type SubgraphAnswer,
  type SubgraphClient,
  variablesText,
} from "../../../../gateway/transport/subgraph-client.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { newTrace } from "../../../../platform/tracing/trace-context.ts";
import { readExact } from "./exact-json.ts";
import type { RandomOperation } from "./random-operation.ts";
import { createWorld, type WorldOptions } from "./world.ts";

export interface Outcome {
  /** With numbers as they are written. */
  readonly data: unknown;
  /** Calls of mutations, in their order. */
  readonly effects: readonly string[];
  /** Message and place, sorted, each once. */
  readonly errors: readonly { readonly message: string; readonly path: readonly (string | number)[] | undefined }[];
}

type Answer = Pick<SubgraphAnswer, "data" | "errors">;

/** @param request tells requests of one operation apart */
export type ChangeAnswer = (subgraph: string, request: string, answer: Answer) => Answer;

export interface ComparedGraph {
  readonly generation: SchemaGeneration;
  /**
   * The stock executor runs a plan of what the conditions leave of the operation. `refused`: why ours does not run it.
   */
  run(
    operation: RandomOperation,
  ): Promise<{ readonly ours: Outcome; readonly stock: Outcome; readonly refused?: string }>;
  /** Ours, where what subgraphs answer is changed before it reaches the gateway. */
  runChanged(operation: RandomOperation, change: ChangeAnswer): Promise<Outcome | { readonly refused: string }>;
  /** The stock executor with a plan for whatever may be skipped or included. */
  stockAlone(operation: RandomOperation): Promise<Outcome>;
  /** What one server that knew the whole world would answer. */
  truth(operation: RandomOperation): Promise<Outcome>;
}

export function comparedGraph(subgraphs: Readonly<Record<string, string>>, options: WorldOptions): ComparedGraph {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    typeDefs: parse(sdl),
    url: `http://${name}`,
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  const generation = buildGeneration(supergraphSdl);
  const logger = createLogger({ name: "differential", level: "silent" });
  const context: GatewayContext = {
    identity: { kind: "ANONYMOUS" },
    client: {},
    trace: newTrace(),
    logger,
    forwardedHeaders: {},
  };
  const world = createWorld(services, options);
  const served = world.subgraphs;

  const asItIs: ChangeAnswer = (_subgraph, _request, answer) => answer;
  let changed = asItIs;
  const batching = createEntityBatching();
  const clients = new Map<string, SubgraphClient>(
    served.map(({ name, answer }) => [
      name,
      batching.batch(name, async (request) => {
        const { text, name: operationName } = request.operation;
        const variables = variablesText(request);
        const result = changed(name, `${text} ${variables}`, readAnswer(await answer(text, variables, operationName)));
        // Some answers come as if they had come before, some are the request's own.
        const { length } = text;
        const interned = length % 2 === 0;
        if (interned) internJson(result);
        const { data, errors: answerErrors } = result;
        const plain = !JSON.stringify(result).includes("\\");
        if (length % 3 === 0 && !interned) return { data, errors: answerErrors, shared: false, plain };
        // Whatever is shared must not be changed: a change throws.
        return { data: frozen(data), errors: answerErrors, shared: true, interned, plain };
      }),
    ]),
  );
  const executor = createExecutor({ clients: () => clients });
  const sources: ServiceMap = Object.fromEntries(
    served.map(({ name, answer }) => [
      name,
      {
        async process({ request: { query = "", variables = {}, operationName } }) {
          const { data, errors } = readAnswer(await answer(query, JSON.stringify(variables), operationName));
          return errors.length === 0 ? { data } : { data, errors };
        },
      },
    ]),
  );

  function read({ query }: RandomOperation) {
    const document = parse(query);
    const [problem] = validate(generation.apiSchema, document);
    if (problem !== undefined) throw problem;
    const operation = getOperationAST(document);
    if (operation == null) throw new Error("no operation");
    return { document, operation };
  }

  /** The planner breaks on some requirements. */
  function stockPlan(planned: DocumentNode): QueryPlan | Error {
    const operation = operationFromDocument(generation.planningSchema, planned, { validate: false });
    try {
      return generation.queryPlanner().buildQueryPlan(operation);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async function runStock(sent: RandomOperation, planned: DocumentNode): Promise<Outcome> {
    const { document, operation } = read(sent);
    const fragments = Object.fromEntries(
      document.definitions
        .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
        .map((node) => [node.name.value, node]),
    );
    const plan = stockPlan(planned);
    if (plan instanceof Error) return outcome(null, [plan], []);
    world.effects.length = 0;
    try {
      const { data, errors, extensions } = await executeQueryPlan(
        plan,
        sources,
        requestContext({ request: { variables: { ...sent.variables } }, context, logger, document, metrics: {} }),
        { schema: generation.apiSchema, operation, fragments },
        generation.supergraphSchema,
        generation.planningSchema,
      );
      const allErrors = errors ?? completionErrors(extensions);
      return outcome(readExact(JSON.stringify(data ?? null)), allErrors, world.effects);
    } catch (error) {
      // It breaks on some names.
      return outcome(null, [{ message: String(error) }], world.effects);
    }
  }

  async function runOurs({ query, variables }: RandomOperation): Promise<Outcome | GraphQLError> {
    const { document } = read({ query, variables });
    const request = { generation, documentId: query, document, operationName: undefined, variables, context };
    world.effects.length = 0;
    try {
      const { data = "null", errors } = await executor.execute(request);
      return outcome(readExact(data), errors, world.effects);
    } catch (error) {
      if (error instanceof GraphQLError && error.extensions["code"] === "QUERY_PLAN_UNSUPPORTED") return error;
      throw error;
    }
  }

  const whole = world.whole(generation.apiSchema);
  return {
    generation,
    async truth({ query, variables }) {
      world.effects.length = 0;
      const answer = readExact(await whole(query, JSON.stringify(variables)));
      if (!isJsonObject(answer)) throw new Error("the world did not answer");
      return outcome(answer["data"] ?? null, problemsIn(answer["errors"]), world.effects);
    },
    stockAlone: (sent) => runStock(sent, read(sent).document),
    async run(sent) {
      const { variables } = sent;
      const { document, operation } = read(sent);
      const { coerced } = getVariableValues(generation.apiSchema, booleansOf(operation), variables);
      const stock = await runStock(
        sent,
        withoutConditions(document, (variable) => coerced?.[variable] === true),
      );
      const ours = await runOurs(sent);
      return ours instanceof GraphQLError ? { stock, ours: NOTHING, refused: ours.message } : { stock, ours };
    },
    async runChanged(sent, change) {
      changed = change;
      const ours = await runOurs(sent);
      changed = asItIs;
      return ours instanceof GraphQLError ? { refused: ours.message } : ours;
    },
  };
}

const NOTHING: Outcome = { data: null, errors: [], effects: [] };

/** Those on which conditions depend: numbers of others are not for graphql-js. */
function booleansOf({ variableDefinitions = [] }: OperationDefinitionNode): readonly VariableDefinitionNode[] {
  return variableDefinitions.filter(({ type }) => /^Boolean!?$/.test(print(type)));
}

/** As the gateway reads what comes from a subgraph. */
function readAnswer(text: string): Answer {
  const result = parseJson(text);
  if (!isJsonObject(result)) throw new Error("a subgraph did not answer");
  const { data, errors } = result;
  return { data: isJsonObject(data) ? data : null, errors: problemsIn(errors) };
}

interface Problem {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
}

function outcome(data: unknown, errors: readonly Problem[], effects: readonly string[]): Outcome {
  const distinct = new Map(errors.map(({ message, path }) => [JSON.stringify([message, path]), { message, path }]));
  return {
    data,
    effects: [...effects],
    errors: [...distinct].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, error]) => error),
  };
}

/** The stock executor hides what is missing without an error in extensions. */
function completionErrors(extensions: unknown): readonly Problem[] {
  return problemsIn(isJsonObject(extensions) ? extensions["valueCompletion"] : undefined);
}

function problemsIn(errors: unknown): readonly GraphQLFormattedError[] {
  return Array.isArray(errors) ? errors : [];
}

function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) frozen(member);
    Object.freeze(value);
  }
  return value;
}

/** `executeQueryPlan` reads these members and no others of what its type asks for. */
function requestContext(request: object): Parameters<typeof executeQueryPlan>[2] {
  return request as Parameters<typeof executeQueryPlan>[2];
}
