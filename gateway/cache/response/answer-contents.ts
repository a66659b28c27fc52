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
import type { InternalNames, SelectAlso } from "../../engine/canonical/canonical-operation.ts";
import type { AnswerContents, SchemaGeneration } from "../../ports.ts";
import { isJsonObject, type JsonObject, reader } from "../../transport/json-object.ts";
import { idTextOf } from "../../transport/lossless-number.ts";
import { type EventSources, isNarrow } from "../event-sources.ts";
import { cacheHintsOf } from "../hints.ts";
import { ANY_SOURCE, ORGANIZATION_TAG } from "../tags.ts";
import { entityKeysOf } from "./entity-keys.ts";
import { type FieldSources, fieldSourcesOf } from "./field-sources.ts";
import { type KeySelections, keySelections } from "./key-selections.ts";
import { hintsOfField } from "./policy.ts";

export interface ContentsReader {
  /** What is to be fetched beside what the operation selects. */
  readonly selectAlso: SelectAlso;
  read(data: JsonObject): AnswerContents;
}

/** Objects of one selection. */
interface Shape {
  readonly keys: readonly ((object: JsonObject) => unknown)[];
  /** Should each have a key? One that has none may be changed by events that do not name it. */
  readonly identified: boolean;
  /** Whose events change what is shown of it, be it that it is there. */
  readonly sources: ReadonlySet<string>;
  readonly fields: readonly FieldShape[];
}

interface FieldShape {
  readonly read: (object: JsonObject) => unknown;
  readonly shape: Shape;
  /** Do events change which are there that name none of them? */
  readonly list: boolean;
  /** Does a tag say which events these are? */
  readonly vouched: boolean;
  /** Whose events change what it leads to. */
  readonly sources: ReadonlySet<string>;
  /** And of everything below it: what is missing there may take this with it. */
  readonly all: ReadonlySet<string>;
}

interface Selected {
  readonly fields: readonly FieldShape[];
  /** Whose events change the fields themselves. */
  readonly sources: ReadonlySet<string>;
  /** And of everything below. */
  readonly all: ReadonlySet<string>;
  /** Those among all by whose events it goes that name nothing in it: a hint says so. */
  readonly open: ReadonlySet<string>;
}

/**
 * @param document valid, with the operation in it
 * @param names what its fields are called in the data
 */
export function createContentsReader(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
  names: InternalNames,
  sources: EventSources = new Map(),
): ContentsReader {
  const operation = getOperationAST(document, operationName);
  const root = generation.apiSchema.getQueryType();
  if (operation == null || root == null) throw new Error("the operation was not resolved");
  const keySelection = keySelections(generation, names);
  const naming = { names, keySelection };
  const compile = createCompiler(generation, document, naming, fieldSourcesOf(generation, sources));
  const { fields, all, open } = compile(root, [operation.selectionSet], false, new Set([ANY_SOURCE]));
  const shape: Shape = { keys: [], identified: false, sources: all, fields };
  return {
    selectAlso: keySelection.of,
    read(data) {
      const found: Found = { ids: new Map(), open: new Set(open), sources: all };
      walk(shape, data, found, new Map());
      return found;
    },
  };
}

interface Found extends AnswerContents {
  readonly ids: Map<string, Set<string>>;
  readonly open: Set<string>;
}

type Seen = Map<Shape, Set<object>>;

function walk(shape: Shape, object: JsonObject, found: Found, seen: Seen): void {
  // One object may stand at many places.
  const objects = seen.get(shape) ?? new Set();
  if (objects.has(object)) return;
  seen.set(shape, objects.add(object));
  let isIdentified = false;
  for (const read of shape.keys) {
    const id = idTextOf(read(object));
    if (id === undefined) continue;
    const sources = found.ids.get(id) ?? new Set();
    found.ids.set(id, addAll(sources, shape.sources));
    isIdentified = true;
  }
  if (shape.identified && !isIdentified) addAll(found.open, shape.sources);
  for (const field of shape.fields) {
    if (field.list && !field.vouched) addAll(found.open, field.sources);
    walkValue(field, field.read(object), found, seen);
  }
}

function walkValue(field: FieldShape, value: unknown, found: Found, seen: Seen): void {
  if (Array.isArray(value)) for (const item of value) walkValue(field, item, found, seen);
  else if (isJsonObject(value)) walk(field.shape, value, found, seen);
  else if (!field.vouched) addAll(found.open, field.all);
}

function addAll(into: Set<string>, sources: Iterable<string>): Set<string> {
  for (const source of sources) into.add(source);
  return into;
}

interface Naming {
  readonly names: InternalNames;
  readonly keySelection: KeySelections;
}

function createCompiler(
  generation: SchemaGeneration,
  document: DocumentNode,
  { names, keySelection }: Naming,
  sourcesOf: FieldSources,
) {
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
    vouchedAbove: boolean,
    holder: ReadonlySet<string>,
  ): Selected {
    const [sources, all, open] = [new Set<string>(), new Set<string>(), new Set<string>()];
    const fields: FieldShape[] = [];
    for (const { parent, nodes } of selected(schema, names, fragments, type, selectionSets)) {
      const [node] = nodes;
      const definition = node !== undefined && "getFields" in parent ? parent.getFields()[node.name.value] : undefined;
      if (node === undefined || definition === undefined) continue;
      const value = getNamedType(definition.type);
      const tags = hintsOfField({ schema, hints, keys }, parent, node.name.value, value).flatMap((hint) => hint.tags);
      const plain = tags.some((tag) => tag !== ORGANIZATION_TAG);
      const declared = sourcesOf(parent, node.name.value);
      // What has none of its own changes with what holds it.
      const own = declared.size > 0 ? declared : holder;
      addAll(sources, declared);
      addAll(all, declared);
      if (!isCompositeType(value)) {
        // At the root it belongs to no entity.
        if (tags.includes(ORGANIZATION_TAG) || (type === schema.getQueryType() && !plain)) addAll(open, own);
        continue;
      }
      const inner = nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));
      const entity = keys.isEntity(value);
      // What says by which events a connection changes says it of the connection's edges, too.
      const vouched = plain || vouchedAbove || !keys.leadsToEntities(value);
      const below = compile(value, inner, vouched && !entity, own);
      const whole = addAll(new Set(own), below.all);
      addAll(all, whole);
      addAll(open, tags.includes(ORGANIZATION_TAG) ? whole : below.open);
      fields.push({
        read: reader(names.of(node)),
        list: keys.leadsToEntities(value) && (!entity || isListType(getNullableType(definition.type))),
        // A value that belongs to the entity around it changes with that.
        vouched,
        sources: own,
        all: whole,
        shape: {
          keys: keySelection.names(value).map(reader),
          identified: entity,
          // Whoever says by which kinds of events a reference changes says it of what holds it: these events name that.
          sources: below.sources.size > 0 && isNarrow(own) ? below.sources : addAll(new Set(own), below.sources),
          fields: below.fields,
        },
      });
    }
    return { fields, sources, all, open };
  };
}

/** Fields by their name in the data and by the type that they are selected of, whatever type an object has. */
function selected(
  schema: GraphQLSchema,
  names: Pick<InternalNames, "of">,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): Iterable<{ readonly parent: GraphQLCompositeType; readonly nodes: readonly FieldNode[] }> {
  const found = new Map<string, { parent: GraphQLCompositeType; nodes: FieldNode[] }>();
  const spread = new Set<string>();

  function collect(parent: GraphQLCompositeType, { selections }: SelectionSetNode): void {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const key = `${parent.name}.${names.of(node)}`;
        const existing = found.get(key);
        if (existing === undefined) found.set(key, { parent, nodes: [node] });
        else existing.nodes.push(node);
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
