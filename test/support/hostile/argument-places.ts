// Every place in the schema where a client gives a value, at any depth of the graph and of the input: made up from the
// schema, so that an argument added tomorrow is covered tomorrow.
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationTypeNode,
} from "graphql";
import { sampleValue } from "../isolation/sample-values.ts";
import { selectionOf } from "../isolation/schema-calls.ts";

type Field = GraphQLField<unknown, unknown>;
type Path = readonly (string | number)[];

export interface ArgumentPlace {
  /** e.g. `Organization.auditLog(filter.actions.0)`. */
  readonly title: string;
  readonly field: string;
  /** Of the values that belong there. */
  readonly typeName: string;
  /** A document with a variable for each argument. */
  readonly document: string;
  /** The same with this text in the place of the argument that holds the place. */
  literal(text: string): { readonly document: string; readonly variables: Record<string, unknown> };
  /** Harmless values everywhere else, made of the caller's own ids. */
  variables(value: unknown, own: (kind: string) => string): Record<string, unknown>;
  /** The whole argument that holds the place, with the value in it. */
  argument(value: unknown, own: (kind: string) => string): unknown;
}

const SELECTION_DEPTH = 1;

/** @param operation of whose root type the fields are, or which reach the fields of other types */
export function argumentPlaces(schema: GraphQLSchema, operation: OperationTypeNode): ArgumentPlace[] {
  const root = schema.getRootType(operation);
  if (root == null) return [];
  const places = placesOf(schema, root, operation, (selection) => selection);
  if (operation !== "query") return places;
  const inner = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType =>
      isObjectType(type) && !type.name.startsWith("__") && !isRoot(schema, type) && withArguments(type).length > 0,
  );
  return [...places, ...inner.flatMap((type) => placesOf(schema, type, operation, wayTo(schema, type)))];
}

const isRoot = (schema: GraphQLSchema, type: GraphQLObjectType): boolean =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);

const withArguments = (type: GraphQLObjectType): Field[] =>
  Object.values(type.getFields()).filter(({ args }) => args.length > 0);

type Way = (selection: string) => string;

/** How a query reaches the objects of a type. @throws Error when neither a field without arguments nor `node` does */
function wayTo(schema: GraphQLSchema, type: GraphQLObjectType): Way {
  if (type.getInterfaces().some((each) => isInterfaceType(each) && each.name === "Node")) {
    return (selection) => `node(id: $reached) { ... on ${type.name} { ${selection} } }`;
  }
  const field = Object.values(schema.getQueryType()?.getFields() ?? {}).find(
    (each) => getNamedType(each.type) === type && each.args.length === 0,
  );
  if (field === undefined) throw new Error(`teach test/support/hostile/argument-places.ts how to reach a ${type.name}`);
  return (selection) => `${field.name} { ${selection} }`;
}

/** Prefix of the ids of a type that is reached by `node`. */
const PREFIXES: Readonly<Record<string, string>> = {
  Organization: "org",
  BillingAccount: "acc",
  BillingSubscription: "sub",
  Invoice: "inv",
  User: "usr",
};

function placesOf(schema: GraphQLSchema, type: GraphQLObjectType, operation: string, way: Way): ArgumentPlace[] {
  const reached = way("").includes("$reached") ? prefixOf(type.name) : undefined;
  return withArguments(type).flatMap((field) => {
    const selection = selectionOf(schema, getNamedType(field.type), SELECTION_DEPTH);
    const write = (written: ReadonlyMap<string, string>): string => {
      const variables = field.args.filter(({ name }) => !written.has(name));
      const declared = [
        ...variables.map((argument) => `$${argument.name}: ${argument.type}`),
        ...(reached === undefined ? [] : ["$reached: ID!"]),
      ];
      const passed = field.args.map(({ name }) => `${name}: ${written.get(name) ?? `$${name}`}`).join(", ");
      const head = declared.length === 0 ? "" : `(${declared.join(", ")})`;
      return `${operation} Hostile${head} { ${way(`${field.name}(${passed}) ${selection}`)} }`;
    };
    return field.args.flatMap((argument) =>
      pathsOf(argument.type, [argument.name]).map(({ path, typeName }): ArgumentPlace => {
        const values = (value: unknown, own: (kind: string) => string): Record<string, unknown> => {
          const base = { ...harmless(field, path, own), ...(reached === undefined ? {} : { reached: own(reached) }) };
          return withValue(base, path, value);
        };
        return {
          title: `${type.name}.${field.name}(${path.join(".")})`,
          field: field.name,
          typeName,
          document: write(new Map()),
          literal: (text) => ({ document: write(new Map([[argument.name, text]])), variables: {} }),
          variables: values,
          argument: (value, own) => values(value, own)[argument.name],
        };
      }),
    );
  });
}

function prefixOf(typeName: string): string {
  const prefix = PREFIXES[typeName];
  if (prefix === undefined) throw new Error(`teach test/support/hostile/argument-places.ts the prefix of ${typeName}`);
  return prefix;
}

/** The argument itself, the items of lists and the fields of inputs. */
function pathsOf(type: GraphQLInputType, path: Path): { readonly path: Path; readonly typeName: string }[] {
  const inner = isNonNullType(type) ? type.ofType : type;
  const own = { path, typeName: getNamedType(inner).name };
  if (isListType(inner)) return [own, ...pathsOf(inner.ofType, [...path, 0])];
  if (!isInputObjectType(inner)) return [own];
  const fields = Object.values(inner.getFields());
  return [own, ...fields.flatMap((field) => pathsOf(field.type, [...path, field.name]))];
}

function harmless(field: Field, [probed]: Path, own: (kind: string) => string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, type } of field.args) {
    const options = { fieldName: field.name, idAt: ({ kind }: { kind: string }) => own(kind) };
    const value = sampleValue(type, name, name, options);
    if (value !== undefined) values[name] = value;
  }
  // A list needs exactly one of them.
  if (field.args.some(({ name }) => name === "last")) {
    values[probed === "last" || probed === "before" ? "last" : "first"] = 1;
  }
  return values;
}

function withValue(holder: Record<string, unknown>, path: Path, value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ [String(path[0])]: undefined, ...holder }).map(([name, member]) => [
      name,
      name === path[0] ? placed(member, path.slice(1), value) : member,
    ]),
  );
}

function placed(holder: unknown, [next, ...rest]: Path, value: unknown): unknown {
  if (next === undefined) return value;
  if (typeof next === "number") return [placed(Array.isArray(holder) ? holder[next] : undefined, rest, value)];
  const members: Record<string, unknown> = typeof holder === "object" && holder !== null ? { ...holder } : {};
  return { ...members, [next]: placed(members[next], rest, value) };
}
