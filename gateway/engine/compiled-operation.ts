/**
 * An operation as the executor runs it. It is read once per schema generation. After its variables were coerced, it is
 * planned and compiled once for each combination of its conditions (`@skip`, `@include`).
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from "graphql";
import { variableFields } from "../../platform/graphql/argument-fields.ts";
import { tokensIn } from "../limits/document-size.ts";
import type { GatewayContext, SchemaGeneration } from "../ports.ts";
import { type JsonObject, writeMember } from "../transport/json-object.ts";
import {
  type CanonicalOperation,
  canonicalOperation,
  type InternalNames,
  type SelectAlso,
} from "./canonical/canonical-operation.ts";
import { conditionVariables, operationConditions, withoutConditions } from "./conditions.ts";
import { createIntrospection } from "./introspection.ts";
import { mergeSelections } from "./merged-selections.ts";
import { compileSteps, type Step } from "./plan/steps.ts";
import { createTypeConditions, type TypeConditions } from "./plan/type-conditions.ts";
import { factsOf } from "./planning/federation-facts.ts";
import { planOperation } from "./planning/plan-operation.ts";
import { createObjectTypes } from "./response/object-types.ts";
import { compileWriter, type ResponseWriter } from "./response/writer.ts";
import { planSerially } from "./serial-plan.ts";
import { type CoercedVariables, coerceVariables } from "./variables.ts";

/** What is fetched beside what an operation selects, and who looks at all that was fetched for it. */
export interface Inspection {
  readonly selectAlso: SelectAlso;
  /** Called with the data of each answer without errors, which must not be changed. */
  inspect(data: JsonObject, context: GatewayContext): void;
}

/**
 * @param names what the operation's fields are called in fetched data
 * @returns `undefined` for operations that nobody looks at
 */
export type InspectOperation = (
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
  names: InternalNames,
) => Inspection | undefined;

/** Immutable. */
export interface PreparedOperation {
  readonly kind: OperationDefinitionNode["operation"];
  readonly inspection: Inspection | undefined;
  /** How large its document is. */
  readonly tokens: number;
  /** @returns coerced values, or what is wrong with them */
  coerce(variables: JsonObject): CoercedVariables;
  /** Values under the names that subgraphs get them by. @param variables as the client gave them */
  renamed(variables: JsonObject): JsonObject;
  /** Which of its conditions hold: equal texts compile to the same. Empty for an operation without any. */
  conditions(coerced: JsonObject): string;
  compile(coerced: JsonObject): CompiledOperation;
}

/** Immutable. Runs for all variables under which the same conditions hold. */
export interface CompiledOperation {
  /** What to fetch; absent when the gateway knows the answer by itself. */
  readonly step: Step | undefined;
  writer(coerced: JsonObject): ResponseWriter;
}

const conditionsOf = new WeakMap<SchemaGeneration, TypeConditions>();

export function prepareOperation(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
  inspectionOf?: InspectOperation,
): PreparedOperation {
  const found = getOperationAST(document, operationName);
  if (found == null) throw new Error("the operation was not resolved");
  const operation: OperationDefinitionNode = found;
  const { apiSchema } = generation;
  const fragments = Object.fromEntries(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((node) => [node.name.value, node]),
  );
  const definitions = operation.variableDefinitions ?? [];
  const declared = {
    definitions,
    conditions: operationConditions(operation, fragments),
    fields: () => variableFields([operation, ...Object.values(fragments)]),
  };
  const conditional = conditionVariables(document);
  const rootType = apiSchema.getRootType(operation.operation);
  if (rootType == null) throw new Error(`the schema has no ${operation.operation}`);
  const root = rootType;
  const introspects = usesIntrospection(document);
  const canonical = canonicalOperation(generation, document, operation);
  const inspection = inspectionOf?.(generation, document, operationName, canonical.names);
  const types = createObjectTypes(apiSchema, factsOf(generation).interfaceObjects);
  const planned = canonical.document(inspection?.selectAlso);

  function write(coerced: JsonObject): ResponseWriter {
    const source = { schema: apiSchema, fragments, holds: (variable: string) => coerced[variable] === true };
    const introspect = introspects
      ? createIntrospection({ ...source, operation, variables: coerced })
      : () => {
          throw new Error("the operation was found not to ask for the schema");
        };
    return compileWriter({ ...source, names: canonical.names, types, introspect }, root, operation.selectionSet);
  }

  function plan(coerced: JsonObject): Step | undefined {
    const values = renamedValues(canonical, coerced);
    const selected = withoutConditions(planned, (variable) => values[variable] === true);
    const planOf = (part: DocumentNode) => planPart(generation, mergeSelections(part));
    return operation.operation === OperationTypeNode.MUTATION ? planSerially(selected, planOf) : planOf(selected);
  }

  return {
    kind: operation.operation,
    inspection,
    tokens: tokensIn(document),
    coerce: (variables) =>
      definitions.length === 0 ? { coerced: {}, sent: {} } : coerceVariables(apiSchema, declared, variables),
    renamed: (variables) => renamedValues(canonical, variables),
    conditions: (coerced) => conditional.map((name) => (coerced[name] === true ? "1" : "0")).join(""),
    compile(coerced) {
      const step = plan(coerced);
      // Introspection may depend on any variable.
      if (introspects) return { step, writer: write };
      const writer = write(coerced);
      return { step, writer: () => writer };
    },
  };
}

function planPart(generation: SchemaGeneration, document: DocumentNode): Step | undefined {
  if (isOwn(getOperationAST(document))) return undefined;
  return compileSteps(planOperation(generation, document, undefined), typeConditionsOf(generation));
}

const NO_VALUES: JsonObject = Object.freeze({});

function renamedValues({ variables }: CanonicalOperation, values: JsonObject): JsonObject {
  if (variables.size === 0) return NO_VALUES;
  const renamed: JsonObject = {};
  for (const [name, internal] of variables) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) writeMember(renamed, internal, value);
  }
  return renamed;
}

function typeConditionsOf(generation: SchemaGeneration): TypeConditions {
  const typeConditions = conditionsOf.get(generation) ?? createTypeConditions(generation.supergraphSchema);
  conditionsOf.set(generation, typeConditions);
  return typeConditions;
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

const OWN_FIELDS: readonly string[] = ["__schema", "__type", "__typename"];

/** Does the gateway know the answer by itself? */
function isOwn(operation: OperationDefinitionNode | null | undefined): boolean {
  return (
    operation?.selectionSet.selections.every(
      (selection) => selection.kind === Kind.FIELD && OWN_FIELDS.includes(selection.name.value),
    ) ?? false
  );
}
