/**
 * An operation as the executor runs it: planned and compiled once per schema generation, however often it is asked. Immutable but for what
 * it remembers of combinations of `@skip` and `@include`.
 */
import { operationFromDocument } from "@apollo/federation-internals";
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  visit,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { GatewayContext, SchemaGeneration } from "../ports.ts";
import type { JsonObject } from "../transport/json-object.ts";
import { introspect } from "./introspection.ts";
import { compileSteps, type Step } from "./plan/steps.ts";
import { createTypeConditions, type TypeConditions } from "./plan/type-conditions.ts";
import { compileWriter, type ResponseWriter } from "./response/writer.ts";

/** Another document planned in an operation's place, which selects more, and who looks at what was fetched for it. */
export interface Inspection {
  readonly planned: DocumentNode;
  /** Called with the data of each answer without errors, which must not be changed. */
  inspect(data: JsonObject, context: GatewayContext): void;
}

/** @returns `undefined` for operations that nobody looks at */
export type InspectOperation = (
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
) => Inspection | undefined;

export interface CompiledOperation {
  readonly inspection: Inspection | undefined;
  readonly kind: OperationDefinitionNode["operation"];
  /** What to fetch; absent when the gateway knows the answer by itself. */
  readonly step: Step | undefined;
  /** @returns coerced values, or what is wrong with them */
  coerce(variables: JsonObject): { readonly coerced: JsonObject } | { readonly errors: readonly GraphQLError[] };
  writer(coerced: JsonObject): ResponseWriter;
}

/** Each is a whole compiled writer: an operation with many conditions must not keep all of them. */
const MAX_WRITERS = 64;

const conditionsOf = new WeakMap<SchemaGeneration, TypeConditions>();

export function compileOperation(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
  inspectionOf?: InspectOperation,
): CompiledOperation {
  const found = getOperationAST(document, operationName);
  if (found == null) throw new Error("the operation was not resolved");
  const operation: OperationDefinitionNode = found;
  const { apiSchema, planningSchema } = generation;
  const fragments = Object.fromEntries(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((node) => [node.name.value, node]),
  );
  const definitions = operation.variableDefinitions ?? [];
  const conditional = conditionVariables(document);
  const writers = new LRUCache<string, ResponseWriter>({ max: MAX_WRITERS });
  const rootType = apiSchema.getRootType(operation.operation);
  if (rootType == null) throw new Error(`the schema has no ${operation.operation}`);
  const root = rootType;
  const introspects = usesIntrospection(document);

  function write(coerced: JsonObject): ResponseWriter {
    return compileWriter(
      {
        schema: apiSchema,
        fragments,
        condition: (variable) => coerced[variable] === true,
        introspect: (nodes) => introspect({ schema: apiSchema, operation, fragments, variables: coerced }, nodes),
      },
      root,
      operation.selectionSet,
    );
  }

  const inspection = inspectionOf?.(generation, document, operationName);
  const plan = generation.queryPlanner().buildQueryPlan(
    operationFromDocument(planningSchema, inspection?.planned ?? document, {
      validate: false,
      ...(operationName === undefined ? {} : { operationName }),
    }),
  );
  return {
    kind: operation.operation,
    inspection,
    step: compileSteps(plan, typeConditionsOf(generation)),
    coerce(variables) {
      if (definitions.length === 0) return { coerced: {} };
      const { coerced, errors } = getVariableValues(apiSchema, definitions, variables, { maxErrors: 20 });
      return coerced === undefined ? { errors } : { coerced };
    },
    writer(coerced) {
      // Introspection may depend on any variable.
      if (introspects) return write(coerced);
      const key = conditional.map((name) => (coerced[name] === true ? "1" : "0")).join("");
      const known = writers.get(key);
      if (known !== undefined) return known;
      const made = write(coerced);
      writers.set(key, made);
      return made;
    },
  };
}

function typeConditionsOf(generation: SchemaGeneration): TypeConditions {
  const known = conditionsOf.get(generation) ?? createTypeConditions(generation.supergraphSchema);
  conditionsOf.set(generation, known);
  return known;
}

/** Variables that decide whether something is selected, sorted. */
function conditionVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive(node) {
      if (node.name.value !== "skip" && node.name.value !== "include") return;
      for (const { value } of node.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names].sort();
}

function usesIntrospection(document: DocumentNode): boolean {
  let used = false;
  visit(document, {
    Field({ name }) {
      if (name.value === "__schema" || name.value === "__type") used = true;
    },
  });
  return used;
}
