/**
 * Writes the answer of an operation as JSON text from everything that was fetched: in the operation's order, nothing
 * but what it selects, nulls propagated. Compiled once per operation and per values of the variables in `@skip` and
 * `@include`. Source: GraphQL specification (October 2021), "CompleteValue" and "Handling Field Errors".
 */
import {
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from "graphql";
import { isJsonObject, type JsonObject, reader } from "../../transport/json-object.ts";
import type { InternalNames } from "../canonical/canonical-operation.ts";
import { describedValue } from "./described-value.ts";
import { leafWriter } from "./leaf-writer.ts";
import type { ObjectTypes } from "./object-types.ts";
import { collectFields, type SelectionSource } from "./selection.ts";
import { stringText } from "./text.ts";
import { listWriter, untyped, writeObject } from "./write-members.ts";
import {
  type FieldWriter,
  type Locate,
  locateBelow,
  locateLeaf,
  type ValueWriter,
  type Write,
  type Writing,
  wrong,
} from "./writing.ts";

export interface WriterOptions extends SelectionSource {
  readonly types: ObjectTypes;
  /** What fields are called in the data. */
  readonly names: Pick<InternalNames, "of">;
  /** Text of a root field `__schema` or `__type`. */
  introspect(nodes: readonly FieldNode[]): string;
}

export interface ResponseWriter {
  /** The text of `data`, `null` when a null went all the way up. */
  write(data: JsonObject, writing: Writing): string;
  /** Would one of these root fields, by their names in the data, go all the way up as a null? */
  leavesNothing(fields: readonly string[], data: JsonObject, writing: Writing): boolean;
}

export function compileWriter(
  options: WriterOptions,
  rootType: GraphQLCompositeType,
  selectionSet: SelectionSetNode,
): ResponseWriter {
  const { write } = objectWriter(options, rootType, [selectionSet]);
  /** Compiled when a mutation asks. */
  let fields: readonly FieldWriter[] | undefined;
  return {
    write: (data, writing) => write(data, writing) ?? "null",
    leavesNothing(names, data, writing) {
      fields ??= compileFields(options, rootType, [selectionSet]);
      const asked = fields.filter(({ internal, nonNull }) => nonNull && names.includes(internal));
      return asked.length > 0 && typeof writeObject(asked, data, writing) !== "string";
    },
  };
}

function objectWriter(
  options: WriterOptions,
  declared: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): ValueWriter {
  const { schema } = options;
  const shapes = new Map<string, readonly FieldWriter[]>();

  function shapeOf(type: GraphQLCompositeType): readonly FieldWriter[] {
    const cachedShape = shapes.get(type.name);
    if (cachedShape !== undefined) return cachedShape;
    const shape = compileFields(options, type, selectionSets);
    shapes.set(type.name, shape);
    return shape;
  }

  /** By abstract type. */
  const sameForAll = new Map<string, boolean>();

  /** Is the same selected of each object of the type? Then nobody needs to know which object it is. */
  function isSameForAll(type: GraphQLAbstractType): boolean {
    const present = sameForAll.get(type.name);
    if (present !== undefined) return present;
    const selected = (of: GraphQLCompositeType) =>
      [...collectFields(options, of, selectionSets)].map(([name, nodes]) => `${name} ${nodes.length}`).join();
    const isSame = schema.getPossibleTypes(type).every((possible) => selected(possible) === selected(type));
    sameForAll.set(type.name, isSame);
    return isSame;
  }

  const write: Write = (value, writing) => {
    if (!isJsonObject(value)) {
      return wrong(writing, `Invalid value found for an object of type ${declared.name}: ${describedValue(value)}.`);
    }
    const typeName = value["__typename"];
    const type = options.types.typeOf(declared, typeName);
    if (type === undefined && typeof typeName === "string") {
      return wrong(writing, "Invalid __typename found for an object.");
    }
    if (type === undefined || (isAbstractType(type) && !isSameForAll(type))) {
      return untyped(value, writing, `No subgraph says of which type this ${declared.name} is.`);
    }
    return writeObject(shapeOf(type), value, writing);
  };

  /** Of a null it is not known which type it would be of. */
  const types = isAbstractType(declared) ? [declared, ...schema.getPossibleTypes(declared)] : [declared];
  const locate: Locate = (path) =>
    locateBelow(path, (name) => {
      for (const type of types) {
        const field = shapeOf(type).find(({ internal }) => internal === name);
        if (field !== undefined) return field;
      }
      return undefined;
    });

  return { write: once(write), locate };
}

/** What stands at several places is written once, unless something is wrong with it: errors are told of each place. */
function once(write: Write): Write {
  const remembering: Write = (value, writing) => {
    const { shared, texts, errors } = writing;
    if (shared.size === 0 || typeof value !== "object" || value === null || !shared.has(value))
      return write(value, writing);
    // What is known of this place is not of all its places.
    if (writing.here.length > 0) return write(value, writing);
    let own = texts.get(remembering);
    if (own === undefined) {
      own = new Map();
      texts.set(remembering, own);
    }
    const cachedWriter = own.get(value);
    if (cachedWriter !== undefined) return cachedWriter;
    const before = errors.count;
    const text = write(value, writing);
    if (typeof text === "string" && errors.count === before) own.set(value, text);
    return text;
  };
  return remembering;
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
    const internal = options.names.of(node);
    const common = { head: `${stringText(name)}:`, name, internal, parent: type.name };
    const fieldName = node.name.value;
    if (fieldName === "__typename") {
      fields.push({
        ...common,
        read: (object) => typeNameOf(options.schema, type, object),
        write: writeName,
        locate: locateLeaf,
        nonNull: true,
      });
      continue;
    }
    if (fieldName === "__schema" || fieldName === "__type") {
      const write = () => options.introspect(nodes);
      fields.push({ ...common, read: () => "", write, locate: locateLeaf, nonNull: false });
      continue;
    }
    const definition: GraphQLField<unknown, unknown> | undefined =
      "getFields" in type ? type.getFields()[fieldName] : undefined;
    if (definition === undefined) throw new Error(`${type.name} has no field ${fieldName}`);
    const inner = nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));
    const nonNull = isNonNullType(definition.type);
    const nullable = isNonNullType(definition.type) ? definition.type.ofType : definition.type;
    fields.push({ ...common, read: reader(internal), ...valueWriter(options, nullable, inner), nonNull });
  }
  return fields;
}

/**
 * A root type has its name in every supergraph, whatever subgraphs call theirs. The name of an interface, from a
 * subgraph that knows no more, is none of an object: it is then as if the type were missing.
 */
function typeNameOf(schema: GraphQLSchema, type: GraphQLCompositeType, object: JsonObject): string | null {
  if (isObjectType(type)) return type.name;
  const named = object["__typename"];
  return typeof named === "string" && isObjectType(schema.getType(named)) ? named : null;
}

/** Writes values of a nullable type. */
function valueWriter(
  options: WriterOptions,
  type: GraphQLOutputType,
  selectionSets: readonly SelectionSetNode[],
): ValueWriter {
  if (isNonNullType(type)) throw new Error("a nullable type is expected");
  if (isListType(type)) {
    const nonNull = isNonNullType(type.ofType);
    const item = isNonNullType(type.ofType) ? type.ofType.ofType : type.ofType;
    return listWriter(valueWriter(options, item, selectionSets), nonNull, String(item));
  }
  if (isCompositeType(type)) return objectWriter(options, type, selectionSets);
  const write = leafWriter(type);
  return {
    write: (value, writing) =>
      write(value, writing.plain) ??
      wrong(writing, `Invalid value found for a field of type ${type.name}: ${describedValue(value)}.`),
    locate: locateLeaf,
  };
}

const writeName: Write = (value) => (typeof value === "string" ? stringText(value) : undefined);
