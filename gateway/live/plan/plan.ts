/**
 * Plans subscriptions: validates an operation against one schema generation and asks the federation planner once,
 * whoever and however many subscribe. Plans are immutable; a reload makes new ones.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  getArgumentValues,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  validate,
  visit,
} from "graphql";
import { LRUCache } from "lru-cache";
import { AppError } from "../../../platform/errors/app-error.ts";
import { prepareOperation } from "../../engine/compiled-operation.ts";
import { subscriptionField, subscriptionNotSupported } from "../../operations/unserved-subscription.ts";
import type { LivePorts, SchemaGeneration } from "../../ports.ts";
import type { JsonObject } from "../../transport/json-object.ts";
import { createFetchCompiler, type FetchCompiler } from "../enrichment/plan-fetches.ts";
import { type LiveField, type LiveSchema, readLiveSchema } from "./directive.ts";
import { compileEventQuery, type EventQuery } from "./event-query.ts";
import { InvalidOperation, unresolved } from "./operation-errors.ts";

const MAX_PLANS = 1_000;
/** Combinations of conditions for which an operation is planned at a time. */
const MAX_CONDITIONS = 100;
/** Arguments that say where a subscriber begins, not what it sees. */
const START_ARGUMENTS: readonly string[] = ["after", "snapshot"];

export interface OperationText {
  readonly query: string;
  readonly operationName?: string | undefined;
}

export type Variables = Readonly<Record<string, unknown>>;

type Fragments = Readonly<Record<string, FragmentDefinitionNode>>;

/** What a subscription selects with one set of variables. */
export interface BoundPlan {
  readonly plan: LivePlan;
  /** Arguments of the root field. */
  readonly args: Variables;
  /** Coerced, without those that only say where to begin: two subscribers who differ in nothing else see the same. */
  readonly variables: Variables;
  /** Of the conditions that hold with these variables. */
  readonly query: EventQuery;
  /** Under the names that subgraphs get them by. */
  readonly renamed: Variables;
}

export interface LivePlan {
  readonly generation: SchemaGeneration;
  readonly field: LiveField;
  readonly text: OperationText;
  readonly operation: OperationDefinitionNode;
  /**
   * @throws InvalidOperation when the variables do not fit, GraphQLError when they ask for too much, or for what cannot
   * be planned
   */
  bind(variables: Variables | undefined): BoundPlan;
}

export interface Planner {
  /** @throws InvalidOperation with every problem of the operation, GraphQLError when nobody serves its field */
  plan(generation: SchemaGeneration, text: OperationText): LivePlan;
  liveSchema(generation: SchemaGeneration): LiveSchema;
}

/** @param readLive the live fields of a supergraph that are served here */
export function createPlanner(
  parseDocument: LivePorts["parseDocument"],
  admitOperation: LivePorts["admitOperation"] = () => undefined,
  readLive: (supergraphSdl: string) => LiveSchema = readLiveSchema,
): Planner {
  const schemas = new WeakMap<SchemaGeneration, LiveSchema>();
  const fetches = createFetchCompiler();
  const plans = new LRUCache<string, LivePlan>({ max: MAX_PLANS });

  function liveSchema(generation: SchemaGeneration): LiveSchema {
    const liveSchema = schemas.get(generation) ?? readLive(generation.supergraphSdl);
    schemas.set(generation, liveSchema);
    return liveSchema;
  }

  return {
    liveSchema,
    plan(generation, text) {
      const id = JSON.stringify([generation.id, text.operationName ?? null, text.query]);
      const cachedPlan = plans.get(id);
      if (cachedPlan !== undefined) return cachedPlan;
      const facts = { live: liveSchema(generation), fetches, admitOperation };
      const plan = makePlan(generation, facts, text, parseDocument(text.query));
      plans.set(id, plan);
      return plan;
    },
  };
}

interface PlanningFacts {
  readonly live: LiveSchema;
  readonly fetches: FetchCompiler;
  readonly admitOperation: NonNullable<LivePorts["admitOperation"]>;
}

function makePlan(
  generation: SchemaGeneration,
  { live, fetches, admitOperation }: PlanningFacts,
  text: OperationText,
  document: DocumentNode,
): LivePlan {
  const problems = validate(generation.apiSchema, document);
  if (problems.length > 0) throw new InvalidOperation("GRAPHQL_VALIDATION_FAILED", problems);
  const operation = getOperationAST(document, text.operationName);
  if (operation == null) throw unresolved();
  const root = subscriptionField(document, operation);
  const field = live.fields.get(root.name.value);
  if (field === undefined) throw subscriptionNotSupported(root);
  const fragments = fragmentsOf(document);
  const liveField = field;
  const prepared = prepareOperation(generation, document, text.operationName);
  const startVariables = variablesOnlyIn(operation, fragments, root, START_ARGUMENTS);
  const queries = new LRUCache<string, EventQuery>({ max: MAX_CONDITIONS });

  function queryFor(coerced: JsonObject): EventQuery {
    const conditions = prepared.conditions(coerced);
    const cachedQuery = queries.get(conditions);
    if (cachedQuery !== undefined) return cachedQuery;
    const query = compileEventQuery(generation, liveField, prepared.compile(coerced), fetches);
    if (query === undefined) {
      throw refusal(root, `Subscription.${liveField.name} is not planned from ${liveField.serviceName} alone.`);
    }
    queries.set(conditions, query);
    return query;
  }

  const plan: LivePlan = {
    generation,
    field,
    text,
    operation,
    bind(raw) {
      const values = prepared.coerce({ ...raw });
      if ("errors" in values) throw new InvalidOperation("BAD_USER_INPUT", values.errors);
      const { coerced } = values;
      admitOperation({ schema: generation.apiSchema, document, operation, variables: coerced });
      const definition = generation.apiSchema.getSubscriptionType()?.getFields()[field.name];
      if (definition === undefined) throw new Error(`the schema lost Subscription.${field.name}`);
      const args = argumentsOf(definition, root, coerced);
      const variables = Object.fromEntries(Object.entries(coerced).filter(([name]) => !startVariables.has(name)));
      return { plan, args, variables, query: queryFor(coerced), renamed: prepared.renamed(variables) };
    },
  };
  return plan;
}

/** @throws InvalidOperation where a variable with a default was given null */
function argumentsOf(field: GraphQLField<unknown, unknown>, root: FieldNode, coerced: Variables): Variables {
  try {
    return getArgumentValues(field, root, coerced);
  } catch (error) {
    throw error instanceof GraphQLError ? new InvalidOperation("BAD_USER_INPUT", [error]) : error;
  }
}

function fragmentsOf(document: DocumentNode): Fragments {
  const nodes = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(nodes.map((node) => [node.name.value, node]));
}

/** Variables whose only use is as these arguments of the root field. */
function variablesOnlyIn(
  operation: OperationDefinitionNode,
  fragments: Fragments,
  root: FieldNode,
  names: readonly string[],
): Set<string> {
  const only = new Set<string>();
  const elsewhere = new Set<string>();
  for (const definition of [operation.selectionSet, ...Object.values(fragments)]) {
    visit(definition, {
      Argument(node, _key, _parent, _path, ancestors) {
        const holder = ancestors.at(-1);
        if (!names.includes(node.name.value) || node.value.kind !== Kind.VARIABLE) return undefined;
        const atRoot = holder === root || ancestors.at(-2) === root;
        if (!atRoot) return undefined;
        only.add(node.value.name.value);
        return false;
      },
      Variable(node) {
        elsewhere.add(node.name.value);
      },
    });
  }
  return new Set([...only].filter((name) => !elsewhere.has(name)));
}

function refusal(node: FieldNode, message: string): InvalidOperation {
  const originalError = new AppError("BAD_USER_INPUT", message);
  return new InvalidOperation("BAD_USER_INPUT", [new GraphQLError(message, { nodes: [node], originalError })]);
}
