/**
 * Writes the answer of an operation as JSON text from everything that was fetched: in the operation's order, nothing but what it selects,
 * nulls propagated. Compiled once per operation and per values of the variables in `@skip` and `@include`. Source: GraphQL specification
 * (October 2021), "CompleteValue" and "Handling Field Errors".
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from "graphql";
import { isJsonObject, type JsonObject, reader, readMember } from "../../transport/json-object.ts";
import { leafWriter } from "./leaf-writer.ts";
import { collectFields, type SelectionSource } from "./selection.ts";
import { stringText } from "./text.ts";

/** What goes wrong while one answer is written. */
export interface Writing {
  readonly errors: GraphQLError[];
  /** Where we are. */
  readonly path: (string | number)[];
  /** No string in the data holds anything that JSON would escape. */
  readonly plain: boolean;
  /** Entities of which a subgraph says that there are none: they are null where a part of theirs is missing that may not be. */
  readonly gone: ReadonlySet<object>;
  /** Objects that stand at several places … */
  readonly shared: ReadonlySet<object>;
  /** … and the text of those that were written, by who wrote them. */
  readonly texts: Map<Write, Map<object, string>>;
}

/** The text; `null` for a null that stands as it is; `undefined` for a null whose error was told. */
type Write = (value: unknown, writing: Writing) => string | null | undefined;

interface FieldWriter {
  /** `"name":` */
  readonly head: string;
  readonly name: string;
  readonly read: (object: JsonObject) => unknown;
  readonly write: Write;
  readonly nonNull: boolean;
  /** For messages. */
  readonly parent: string;
}

export interface WriterOptions extends SelectionSource {
  /** Text of a root field `__schema` or `__type`. */
  introspect(nodes: readonly FieldNode[]): string;
}

/** @returns the text of `data`, `null` when a null went all the way up */
export type ResponseWriter = (data: JsonObject, writing: Writing) => string;

export function compileWriter(
  options: WriterOptions,
  rootType: GraphQLCompositeType,
  selectionSet: SelectionSetNode,
): ResponseWriter {
  const write = objectWriter(options, rootType, [selectionSet]);
  return (data, writing) => write(data, writing) ?? "null";
}

function objectWriter(
  options: WriterOptions,
  declared: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): Write {
  const { schema } = options;
  const shapes = new Map<string, readonly FieldWriter[]>();

  function shapeOf(type: GraphQLCompositeType): readonly FieldWriter[] {
    const known = shapes.get(type.name);
    if (known !== undefined) return known;
    const shape = compileFields(options, type, selectionSets);
    shapes.set(type.name, shape);
    return shape;
  }

  const write: Write = (value, writing) => {
    if (!isJsonObject(value)) return wrong(writing, `Invalid value found for an object of type ${declared.name}.`);
    let type = declared;
    const typeName = value["__typename"];
    if (typeof typeName === "string" && typeName !== declared.name) {
      const found = schema.getType(typeName);
      // An inaccessible type must not be named.
      if (!isCompositeType(found)) return wrong(writing, "Invalid __typename found for an object.");
      // A subgraph that knows an interface as an object names the interface: that says nothing more.
      if (isObjectType(found)) type = found;
    }
    return writeObject(shapeOf(type), value, writing);
  };
  return once(write);
}

/** What stands at several places is written once, unless something is wrong with it: errors are told of each place. */
function once(write: Write): Write {
  const remembering: Write = (value, writing) => {
    const { shared, texts, errors } = writing;
    if (shared.size === 0 || typeof value !== "object" || value === null || !shared.has(value))
      return write(value, writing);
    let own = texts.get(remembering);
    if (own === undefined) {
      own = new Map();
      texts.set(remembering, own);
    }
    const known = own.get(value);
    if (known !== undefined) return known;
    const before = errors.length;
    const text = write(value, writing);
    if (typeof text === "string" && errors.length === before) own.set(value, text);
    return text;
  };
  return remembering;
}

function writeObject(shape: readonly FieldWriter[], object: JsonObject, writing: Writing): string | null | undefined {
  let text = "{";
  for (const { head, name, read, write, nonNull, parent } of shape) {
    const value = read(object);
    let written: string | null | undefined = null;
    if (value !== null && value !== undefined) {
      writing.path.push(name);
      written = write(value, writing);
      writing.path.pop();
    }
    if (typeof written !== "string") {
      if (nonNull) {
        if (value === undefined && writing.gone.size > 0 && writing.gone.has(object)) return null;
        if (written === null) {
          const path = [...writing.path, name];
          writing.errors.push(
            new GraphQLError(`Cannot return null for non-nullable field ${parent}.${name}.`, { path }),
          );
        }
        return undefined;
      }
      written = "null";
    }
    text += text.length === 1 ? head + written : `,${head}${written}`;
  }
  return `${text}}`;
}

function compileFields(
  options: WriterOptions,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): FieldWriter[] {
  const fields: FieldWriter[] = [];
  for (const [name, nodes] of collectFields(options, type, selectionSets)) {
    const [node] = nodes;
    if (node === undefined) continue;
    const common = { head: `${stringText(name)}:`, name, parent: type.name };
    const fieldName = node.name.value;
    if (fieldName === "__typename") {
      fields.push({
        ...common,
        read: (object) => typeNameOf(options.schema, type, object, name),
        write: writeName,
        nonNull: true,
      });
      continue;
    }
    if (fieldName === "__schema" || fieldName === "__type") {
      fields.push({ ...common, read: () => "", write: () => options.introspect(nodes), nonNull: false });
      continue;
    }
    const definition: GraphQLField<unknown, unknown> | undefined =
      "getFields" in type ? type.getFields()[fieldName] : undefined;
    if (definition === undefined) throw new Error(`${type.name} has no field ${fieldName}`);
    const inner = nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));
    const nonNull = isNonNullType(definition.type);
    const nullable = isNonNullType(definition.type) ? definition.type.ofType : definition.type;
    fields.push({ ...common, read: reader(name), write: valueWriter(options, nullable, inner), nonNull });
  }
  return fields;
}

/**
 * A root type has its name in every supergraph, whatever subgraphs call theirs. The name of an interface, from a subgraph that knows no more,
 * is none of an object: it is then as if the type were missing.
 */
function typeNameOf(
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
  object: JsonObject,
  alias: string,
): string | null {
  if (isObjectType(type)) return type.name;
  const named = readMember(object, alias) ?? object["__typename"];
  return typeof named === "string" && isObjectType(schema.getType(named)) ? named : null;
}

/** Writes values of a nullable type. */
function valueWriter(
  options: WriterOptions,
  type: GraphQLOutputType,
  selectionSets: readonly SelectionSetNode[],
): Write {
  if (isNonNullType(type)) throw new Error("a nullable type is expected");
  if (isListType(type)) {
    const nonNull = isNonNullType(type.ofType);
    const item = isNonNullType(type.ofType) ? type.ofType.ofType : type.ofType;
    return listWriter(valueWriter(options, item, selectionSets), nonNull, String(item));
  }
  if (isCompositeType(type)) return objectWriter(options, type, selectionSets);
  const write = leafWriter(type);
  return (value, writing) =>
    write(value, writing.plain) ?? wrong(writing, `Invalid value found for a field of type ${type.name}.`);
}

function listWriter(write: Write, nonNull: boolean, itemType: string): Write {
  return (value, writing) => {
    if (!Array.isArray(value)) return wrong(writing, `Invalid value found for a list of ${itemType}.`);
    let text = "[";
    let whole = true;
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      let written: string | null | undefined = null;
      writing.path.push(index);
      if (item !== null && item !== undefined) written = write(item, writing);
      if (typeof written !== "string") {
        if (nonNull) {
          whole = false;
          if (written === null) {
            const message = `Cannot return null for non-nullable array element of type ${itemType} at index ${index}.`;
            writing.errors.push(new GraphQLError(message, { path: [...writing.path] }));
          }
        }
        written = "null";
      }
      writing.path.pop();
      text += index === 0 ? written : `,${written}`;
    }
    return whole ? `${text}]` : undefined;
  };
}

const writeName: Write = (value) => (typeof value === "string" ? stringText(value) : undefined);

function wrong({ errors, path }: Writing, message: string): undefined {
  errors.push(new GraphQLError(message, { path: [...path] }));
  return undefined;
}
