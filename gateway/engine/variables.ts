/**
 * Values of variables as an operation declares them, defaults applied. Source: GraphQL specification (October 2021),
 * "CoerceVariableValues". As graphql-js does it, except that messages show a few members of a wrong value and not all:
 * each of many errors would show them again.
 */
import {
  type ConstValueNode,
  coerceInputValue,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  print,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromAST,
} from "graphql";
import type { FieldPath } from "../../platform/graphql/argument-fields.ts";
import type { JsonObject } from "../transport/json-object.ts";
import { holdsLossless, LosslessNumber } from "../transport/lossless-number.ts";
import { type Condition, nullConditions } from "./conditions.ts";
import { coercibleNumbers, literalValue, sentNumbers } from "./input-numbers.ts";

export type CoercedVariables =
  | {
      readonly coerced: JsonObject;
      /** As the client gave them, for subgraphs, which coerce them themselves. */
      readonly sent: JsonObject;
    }
  | { readonly errors: readonly GraphQLError[] };

const MAX_ERRORS = 20;
/** Of a value in a message. */
const MAX_MEMBERS = 10;
const MAX_DEPTH = 2;
const MAX_TEXT = 200;

/** What an operation says of its variables. */
export interface DeclaredVariables {
  readonly definitions: readonly VariableDefinitionNode[];
  /** Where they decide whether something is selected. */
  readonly conditions: readonly Condition[];
  /** Among the arguments; asked only about a wrong value. */
  readonly fields: () => ReadonlyMap<string, FieldPath>;
}

/** @param declared by a valid operation */
export function coerceVariables(
  schema: GraphQLSchema,
  { definitions, conditions, fields }: DeclaredVariables,
  variables: JsonObject,
): CoercedVariables {
  // A variable may have any name, `__proto__` included.
  const coerced: JsonObject = Object.create(null);
  const rewritten = new Map<string, unknown>();
  const errors: GraphQLError[] = [];
  try {
    for (const definition of definitions) {
      coerceVariable(schema, definition, variables, { coerced, rewritten, errors, fields });
    }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    errors.push(error);
  }
  const wrong = errors.length > 0 ? errors : nullConditions(conditions, coerced);
  if (wrong.length > 0) return { errors: wrong };
  return { coerced, sent: rewritten.size === 0 ? variables : { ...variables, ...Object.fromEntries(rewritten) } };
}

interface Outcome {
  readonly coerced: JsonObject;
  /** What is sent otherwise than it was given. */
  readonly rewritten: Map<string, unknown>;
  readonly errors: GraphQLError[];
  readonly fields: DeclaredVariables["fields"];
}

function coerceVariable(
  schema: GraphQLSchema,
  definition: VariableDefinitionNode,
  variables: JsonObject,
  { coerced, rewritten, errors, fields }: Outcome,
): void {
  function refuse(message: string, path: readonly (string | number)[] = [], originalError?: GraphQLError): void {
    if (errors.length >= MAX_ERRORS) {
      throw new GraphQLError("Too many errors processing variables, error limit reached. Execution aborted.");
    }
    const inside = path.map(String);
    const extensions = { field: [...(fields().get(name) ?? [name]), ...inside], variable: [name, ...inside] };
    errors.push(new GraphQLError(message, { nodes: definition, originalError: originalError ?? null, extensions }));
  }

  const name = definition.variable.name.value;
  const type = typeFromAST(schema, definition.type);
  if (!isInputType(type)) throw new Error(`${print(definition.type)} is no type of a variable`);
  if (!Object.hasOwn(variables, name)) {
    if (definition.defaultValue !== undefined) coerced[name] = defaultOf(definition.defaultValue, type);
    else if (isNonNullType(type)) refuse(`Variable "$${name}" of required type "${type}" was not provided.`);
    return;
  }
  const given = variables[name];
  const value = coercibleNumbers(given, type);
  const sent = sentNumbers(given, type);
  if (sent !== given) rewritten.set(name, sent);
  if (value === null && isNonNullType(type)) {
    refuse(`Variable "$${name}" of non-null type "${type}" must not be null.`);
    return;
  }
  // Everything that is wrong with one object shows that object.
  const texts = new Map<unknown, string>();
  coerced[name] = coerceInputValue(value, type, (path, wrong, error) => {
    const text = texts.get(wrong) ?? shown(wrong, 0);
    texts.set(wrong, text);
    const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
    const where = path.length === 0 ? "" : ` at "${name}${place}"`;
    refuse(`Variable "$${name}" got invalid value ${text}${where}; ${error.message}`, path, error);
  });
}

/** A default of a valid document. */
function defaultOf(node: ConstValueNode, type: GraphQLInputType): unknown {
  const literal = literalValue(node);
  return holdsLossless(literal) ? coerceInputValue(coercibleNumbers(literal, type), type) : valueFromAST(node, type);
}

/** As graphql-js shows values in messages, but cut. */
function shown(value: unknown, depth: number): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
  if (typeof value !== "object" || value === null || value instanceof LosslessNumber) return String(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (depth >= MAX_DEPTH) return "[Array]";
    const items = value.slice(0, MAX_MEMBERS).map((item) => shown(item, depth + 1));
    const more = value.length - items.length;
    return `[${items.join(", ")}${more > 0 ? `, ... ${more} more item${more > 1 ? "s" : ""}` : ""}]`;
  }
  const all = Object.entries(value);
  if (all.length === 0) return "{}";
  if (depth >= MAX_DEPTH) return "[Object]";
  const members = all.slice(0, MAX_MEMBERS).map(([name, member]) => `${name}: ${shown(member, depth + 1)}`);
  const more = all.length - members.length;
  return `{ ${members.join(", ")}${more > 0 ? `, ... ${more} more member${more > 1 ? "s" : ""}` : ""} }`;
}
