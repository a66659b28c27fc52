/**
 * Answers `__schema` and `__type` from the schema that clients see; subgraphs are never asked. What leads to the same
 * type in the same way is written once, and no operation is told much more than there is to tell: types lead to each
 * other, so a short text can ask for everything many times over.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getArgumentValues,
  getIntrospectionQuery,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from "graphql";
import type { Holds } from "./conditions.ts";
import { collectFields } from "./response/selection.ts";

export interface IntrospectionOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly holds: Holds;
}

/**
 * The JSON text of the field that the nodes select.
 * @throws GraphQLError `COST_ESTIMATED_TOO_EXPENSIVE`
 */
export type Introspect = (nodes: readonly FieldNode[]) => string;

/** @returns for one request: what it asks for in several fields is counted together */
export function createIntrospection(options: IntrospectionOptions): Introspect {
  const whole = wholeSchema(options.schema);
  return introspection(options, { steps: whole.steps * SCHEMAS, length: whole.length * SCHEMAS });
}

/** Tools ask for a schema once, and perhaps for the names of its types beside it. */
const SCHEMAS = 2;

/** What may still be written: values, and UTF-16 units of text. */
interface Allowance {
  steps: number;
  length: number;
}

type Write = (value: unknown) => string;

function introspection(options: IntrospectionOptions, allowed: Allowance): Introspect {
  const { schema, operation, fragments, variables, holds } = options;

  function spend(length: number): void {
    allowed.steps -= 1;
    allowed.length -= length;
    if (allowed.steps >= 0 && allowed.length >= 0) return;
    throw new GraphQLError(
      "The introspection asks for more than twice what the whole schema holds. Follow types less deep, or ask in several operations.",
      { extensions: { code: "COST_ESTIMATED_TOO_EXPENSIVE", http: { status: 400 } } },
    );
  }

  function spent(text: string): string {
    spend(text.length);
    return text;
  }

  function fieldWriter(
    parentType: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    nodes: readonly FieldNode[],
  ) {
    const [node] = nodes;
    if (node === undefined) throw new Error("a field without its node");
    const { resolve, name: fieldName, type: returnType } = field;
    const given = getArgumentValues(field, node, variables);
    const info = {
      fieldName,
      fieldNodes: nodes,
      returnType,
      parentType,
      path: { prev: undefined, key: fieldName, typename: undefined },
      schema,
      fragments,
      rootValue: undefined,
      operation,
      variableValues: { ...variables },
    };
    const write = valueWriter(
      returnType,
      nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet])),
    );
    return (source: unknown) => write(resolve?.(source, given, undefined, info));
  }

  function objectWriter(type: GraphQLObjectType, selectionSets: readonly SelectionSetNode[]): Write {
    const fields: { readonly head: string; readonly write: Write }[] = [];
    for (const [name, nodes] of collectFields({ schema, fragments, holds }, type, selectionSets)) {
      const field = type.getFields()[nodes[0]?.name.value ?? ""];
      const write = field === undefined ? () => spent(JSON.stringify(type.name)) : fieldWriter(type, field, nodes);
      fields.push({ head: `${fields.length === 0 ? "" : ","}${JSON.stringify(name)}:`, write });
    }
    const written = new Map<unknown, string>();
    return (value) => {
      const cachedText = written.get(value);
      if (cachedText !== undefined) return spent(cachedText);
      let text = "{";
      for (const { head, write } of fields) {
        spend(head.length);
        text += head + write(value);
      }
      text += "}";
      written.set(value, text);
      return text;
    };
  }

  function valueWriter(type: GraphQLOutputType, selectionSets: readonly SelectionSetNode[]): Write {
    if (isNonNullType(type)) return valueWriter(type.ofType, selectionSets);
    if (isListType(type)) {
      const write = valueWriter(type.ofType, selectionSets);
      return (value) => {
        if (!Array.isArray(value)) return spent("null");
        let text = "[";
        for (const item of value) text += text.length === 1 ? write(item) : `,${write(item)}`;
        return `${text}]`;
      };
    }
    const write = isObjectType(type) ? objectWriter(type, selectionSets) : undefined;
    const serialize = isLeafType(type) ? (value: unknown) => spent(JSON.stringify(type.serialize(value))) : undefined;
    const writeValue = write ?? serialize;
    if (writeValue === undefined) throw new Error(`introspection knows no values of ${type}`);
    return (value) => (value === null || value === undefined ? spent("null") : writeValue(value));
  }

  return (nodes) => {
    const root = schema.getQueryType();
    if (root == null) throw new Error("the schema has no queries");
    const field = nodes[0]?.name.value === SchemaMetaFieldDef.name ? SchemaMetaFieldDef : TypeMetaFieldDef;
    return fieldWriter(root, field, nodes)(undefined);
  };
}

const wholeSchemas = new WeakMap<GraphQLSchema, Readonly<Allowance>>();

/** What it takes to tell everything once. */
function wholeSchema(schema: GraphQLSchema): Readonly<Allowance> {
  const cachedSchema = wholeSchemas.get(schema);
  if (cachedSchema !== undefined) return cachedSchema;
  const { definitions } = parse(
    getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    }),
  );
  const left: Allowance = { steps: Number.MAX_SAFE_INTEGER, length: Number.MAX_SAFE_INTEGER };
  const [operation] = definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("no operation");
  const fragments = Object.fromEntries(
    definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
  );
  const nodes = operation.selectionSet.selections.filter((node) => node.kind === Kind.FIELD);
  introspection({ schema, operation, fragments, variables: {}, holds: () => false }, left)(nodes);
  const whole = {
    steps: Number.MAX_SAFE_INTEGER - left.steps,
    length: Number.MAX_SAFE_INTEGER - left.length,
  };
  wholeSchemas.set(schema, whole);
  return whole;
}
