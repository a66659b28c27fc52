/** What an answer is made of, read from the data that it was written from: by whose events it may become old. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isCompositeType,
  isListType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import type { AnswerContents, SchemaGeneration } from "../../ports.ts";
import { isJsonObject, type JsonObject, reader } from "../../transport/json-object.ts";
import { cacheHintsOf } from "../hints.ts";
import { ORGANIZATION_TAG } from "../tags.ts";
import { entityKeysOf } from "./entity-keys.ts";
import { hintsOfField } from "./policy.ts";
import { type TaggedDocument, tagDocument } from "./tagged-document.ts";

export interface ContentsReader {
  /** To be planned in the operation's place. */
  readonly document: DocumentNode;
  read(data: JsonObject): AnswerContents;
}

/** Objects of one selection. */
interface Shape {
  readonly keys: readonly ((object: JsonObject) => unknown)[];
  /** Should each have a key? One that has none may be changed by any event. */
  readonly identified: boolean;
  readonly fields: readonly FieldShape[];
}

interface FieldShape {
  readonly read: (object: JsonObject) => unknown;
  readonly shape: Shape;
  /** Do events change which are there that name none of them? */
  readonly list: boolean;
  /** Does a tag say which events these are? */
  readonly vouched: boolean;
}

/** @param document valid, with the operation in it */
export function createContentsReader(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
): ContentsReader {
  const operation = getOperationAST(document, operationName);
  const root = generation.apiSchema.getQueryType();
  if (operation == null || root == null) throw new Error("the operation was not resolved");
  const tagged = tagDocument(generation, document);
  const compile = createCompiler(generation, document, tagged);
  const { fields, scalars } = compile(root, [operation.selectionSet]);
  const shape: Shape = { keys: [], identified: false, fields };
  return {
    document: tagged.document,
    read(data) {
      const found = { ids: new Set<string>(), open: scalars };
      walk(shape, data, found, new Map());
      return found;
    },
  };
}

interface Found {
  readonly ids: Set<string>;
  open: boolean;
}

type Seen = Map<Shape, Set<object>>;

function walk(shape: Shape, object: JsonObject, found: Found, seen: Seen): void {
  // One object may stand at many places.
  const objects = seen.get(shape) ?? new Set();
  if (objects.has(object)) return;
  seen.set(shape, objects.add(object));
  let known = false;
  for (const read of shape.keys) {
    const id = read(object);
    if (typeof id !== "string" && typeof id !== "number") continue;
    found.ids.add(String(id));
    known = true;
  }
  if (shape.identified && !known) found.open = true;
  for (const field of shape.fields) {
    if (field.list && !field.vouched) found.open = true;
    walkValue(field, field.read(object), found, seen);
  }
}

function walkValue(field: FieldShape, value: unknown, found: Found, seen: Seen): void {
  if (Array.isArray(value)) for (const item of value) walkValue(field, item, found, seen);
  else if (isJsonObject(value)) walk(field.shape, value, found, seen);
  else if (!field.vouched) found.open = true;
}

function createCompiler(generation: SchemaGeneration, document: DocumentNode, tagged: TaggedDocument) {
  const schema: GraphQLSchema = generation.apiSchema;
  const hints = cacheHintsOf(generation);
  const keys = entityKeysOf(generation);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }

  return function compile(
    type: GraphQLCompositeType,
    selectionSets: readonly SelectionSetNode[],
    vouchedAbove = false,
  ): { readonly fields: readonly FieldShape[]; readonly scalars: boolean } {
    let scalars = false;
    const fields: FieldShape[] = [];
    for (const { parent, nodes } of selected(schema, fragments, type, selectionSets)) {
      const [node] = nodes;
      const definition = node !== undefined && "getFields" in parent ? parent.getFields()[node.name.value] : undefined;
      if (node === undefined || definition === undefined) continue;
      const value = getNamedType(definition.type);
      const plain = hintsOfField({ schema, hints, keys }, parent, node.name.value, value).some(({ tags }) =>
        tags.some((tag) => tag !== ORGANIZATION_TAG),
      );
      if (!isCompositeType(value)) {
        // At the root it belongs to no entity.
        if (!plain) scalars = true;
        continue;
      }
      const inner = nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));
      const entity = keys.isEntity(value);
      // What says by which events a connection changes says it of the connection's edges, too.
      const vouched = plain || vouchedAbove || !keys.leadsToEntities(value);
      fields.push({
        read: reader(node.alias?.value ?? node.name.value),
        list: keys.leadsToEntities(value) && (!entity || isListType(getNullableType(definition.type))),
        // A value that belongs to the entity around it changes with that.
        vouched,
        shape: {
          keys: tagged.keyNames(value).map(reader),
          identified: entity,
          fields: compile(value, inner, vouched && !entity).fields,
        },
      });
    }
    return { fields, scalars };
  };
}

/** Fields by response name and by the type that they are selected of, whatever type an object has. */
function selected(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): Iterable<{ readonly parent: GraphQLCompositeType; readonly nodes: readonly FieldNode[] }> {
  const found = new Map<string, { parent: GraphQLCompositeType; nodes: FieldNode[] }>();
  const spread = new Set<string>();

  function collect(parent: GraphQLCompositeType, { selections }: SelectionSetNode): void {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const key = `${parent.name}.${node.alias?.value ?? node.name.value}`;
        const present = found.get(key);
        if (present === undefined) found.set(key, { parent, nodes: [node] });
        else present.nodes.push(node);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (fragment === undefined) continue;
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        if (spread.has(node.name.value)) continue;
        spread.add(node.name.value);
      }
      const condition = fragment.typeCondition?.name.value;
      const narrowed = condition === undefined ? parent : schema.getType(condition);
      if (isCompositeType(narrowed)) collect(narrowed, fragment.selectionSet);
    }
  }

  for (const selectionSet of selectionSets) collect(type, selectionSet);
  return found.values();
}
