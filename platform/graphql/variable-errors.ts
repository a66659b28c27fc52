/**
 * The field that each error of a variable is about. graphql-js tells it in words only; this reads the values again, in
 * the order in which it does (`getVariableValues`), and only when something was wrong.
 */
import {
  coerceInputValue,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  isInputType,
  isNonNullType,
  Kind,
  typeFromAST,
} from "graphql";
import { type FieldPath, variableFields } from "./argument-fields.ts";

export interface RefusedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** @param errors of an operation that was not begun. @returns the same with `extensions.field` where it is known */
export function withVariableFields(
  errors: readonly GraphQLError[],
  operation: RefusedOperation,
): readonly GraphQLError[] {
  const fields = wrongFields(operation);
  return errors.map((error, index) => {
    const field = fields[index];
    if (field === undefined) return error;
    const { message, nodes, originalError, extensions } = error;
    return new GraphQLError(message, {
      nodes: nodes ?? null,
      originalError: originalError ?? null,
      extensions: { ...extensions, field },
    });
  });
}

function wrongFields({ schema, document, operationName, variables }: RefusedOperation): readonly FieldPath[] {
  const operation = getOperationAST(document, operationName);
  if (operation == null) return [];
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const places = variableFields([operation, ...fragments]);
  const wrong: FieldPath[] = [];
  for (const { variable, type: typeNode, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const place = places.get(name) ?? [name];
    const type = typeFromAST(schema, typeNode);
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const given = Object.hasOwn(variables, name);
    if (!isInputType(type)) wrong.push(place);
    else if (!given) {
      if (defaultValue === undefined && isNonNullType(type)) wrong.push(place);
    } else if (value === null && isNonNullType(type)) wrong.push(place);
    else coerceInputValue(value, type, (path) => wrong.push([...place, ...path.map(String)]));
  }
  return wrong;
}
