/**
 * Answers the live part of a plan from the event record alone: message fields from the envelope, payload fields from
 * `data.<field>`, entities as references from `data.<field>Id`. Knows nothing about any particular event.
 */
import {
  type DirectiveNode,
  type FragmentDefinitionNode,
  GraphQLID,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import { isJsonObject, type JsonObject } from "../../transport/json-object.ts";
import { isSameScalar, LosslessNumber } from "../../transport/lossless-number.ts";
import type { LiveField } from "./directive.ts";

/** Type of the message that a subscription with a snapshot begins with; no event has it. */
export const SNAPSHOT_TYPE = "tributary.snapshot.v1";

/** The selection that the planner fetches from the virtual subgraph, and what is needed to answer it. */
export interface RecordQuery {
  /** Response name of the root field. */
  readonly responseName: string;
  /** What is selected of the message. */
  readonly selectionSet: SelectionSetNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly schema: GraphQLSchema;
  readonly field: LiveField;
}

type Variables = Readonly<Record<string, unknown>>;
/** The value of a field of one object; `__typename` is handled apart. */
type ReadField = (name: string) => unknown;

/** Is the event one of this field's? Others move the cursor and nothing else. */
export function concerns(field: LiveField, envelope: EventEnvelope): boolean {
  return field.payloads.has(envelope.type);
}

/** Does the event pass the filters that the arguments set? */
export function passes(field: LiveField, args: Variables, envelope: EventEnvelope): boolean {
  return field.filters.every(({ argument, path }) => {
    const wanted = args[argument];
    const value = valueAt(envelope, path);
    return !Array.isArray(wanted) || wanted.some((each) => isSameScalar(each, value));
  });
}

/** The data of the root field for one event. */
export function answerFromRecord(query: RecordQuery, envelope: EventEnvelope, variables: Variables): JsonObject {
  const { field, responseName, selectionSet } = query;
  const payloadType = envelope.type === SNAPSHOT_TYPE ? field.snapshot?.type : field.payloads.get(envelope.type);
  const event = payloadType === undefined ? null : payload(envelope.data, payloadType);

  const message: ReadField = (name) => {
    switch (name) {
      case "sequence":
        return envelope.sequence;
      case "occurredAt":
        return envelope.time;
      case "eventId":
        return envelope.id;
      case "type":
        return envelope.type;
      case "actor":
        return envelope.actorkind === "USER" ? reference("User", envelope.actorid) : null;
      case "event":
        return event;
      default:
        return null;
    }
  };

  /** Lists and objects of the record, with the GraphQL type of the place they stand in. */
  function complete(value: unknown, typeName: string, selections: SelectionSetNode | undefined): unknown {
    if (value === null || value === undefined) return null;
    if (Array.isArray(value)) return value.map((item) => complete(item, typeName, selections));
    if (selections === undefined) return leaf(value, typeName);
    if (value instanceof RecordObject) return select(selections, value.typeName, value.read);
    if (typeof value !== "object") return null;
    const properties = new Map<string, unknown>(Object.entries(value));
    return select(selections, typeName, (name) => properties.get(name));
  }

  function leaf(value: unknown, typeName: string): unknown {
    // Entities are asked for by it: subgraphs read ids as texts.
    return value instanceof LosslessNumber && typeName === GraphQLID.name ? value.toIdText() : value;
  }

  function payload(data: JsonObject, typeName: string): RecordObject {
    return new RecordObject(typeName, (name) => {
      const type = fieldType(typeName, name);
      if (name === "actor" && type === "User") return message("actor");
      return field.entities.has(type) ? reference(type, data[`${name}Id`]) : data[name];
    });
  }

  function fieldType(typeName: string, name: string): string {
    const type = query.schema.getType(typeName);
    const definition = isObjectType(type) ? type.getFields()[name] : undefined;
    return definition === undefined ? "" : getNamedType(definition.type).name;
  }

  function select(selections: SelectionSetNode, typeName: string, read: ReadField): JsonObject {
    const result: JsonObject = {};
    collect(selections, typeName, read, result);
    return result;
  }

  function collect(selections: SelectionSetNode, typeName: string, read: ReadField, into: JsonObject): void {
    for (const node of selections.selections) {
      if (!isIncluded(node.directives, variables)) continue;
      if (node.kind === Kind.FIELD) {
        const name = node.name.value;
        const responseKey = node.alias?.value ?? name;
        const value =
          name === "__typename" ? typeName : complete(read(name), fieldType(typeName, name), node.selectionSet);
        into[responseKey] = merge(into[responseKey], value);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? query.fragments.get(node.name.value) : node;
      if (fragment === undefined || !applies(fragment.typeCondition?.name.value, typeName)) continue;
      collect(fragment.selectionSet, typeName, read, into);
    }
  }

  function applies(condition: string | undefined, typeName: string): boolean {
    if (condition === undefined || condition === typeName) return true;
    const abstract = query.schema.getType(condition);
    const object = query.schema.getType(typeName);
    return isAbstractType(abstract) && isObjectType(object) && query.schema.isSubType(abstract, object);
  }

  return { [responseName]: select(selectionSet, field.messageType, message) };
}

/** An object of the record whose type is known from the event, not from where it stands. */
class RecordObject {
  readonly typeName: string;
  readonly read: ReadField;

  constructor(typeName: string, read: ReadField) {
    this.typeName = typeName;
    this.read = read;
  }
}

function reference(typeName: string, id: unknown): RecordObject | null {
  if (id === undefined || id === null) return null;
  return new RecordObject(typeName, (name) => (name === "id" ? id : null));
}

/** What an event path (`type`, `subject`, `data.<name>`) names in an event. */
export function valueAt(envelope: EventEnvelope, path: string): unknown {
  if (path === "type") return envelope.type;
  if (path === "subject") return envelope.subject;
  return envelope.data[path.slice("data.".length)];
}

/** The same response name selected twice, in two fragments: both selections belong to one object. */
function merge(left: unknown, right: unknown): unknown {
  if (Array.isArray(left) && Array.isArray(right)) return right.map((item, index) => merge(left[index], item));
  if (!isJsonObject(left) || !isJsonObject(right)) return right;
  const result: JsonObject = { ...left };
  for (const [name, value] of Object.entries(right)) result[name] = merge(result[name], value);
  return result;
}

function isIncluded(directives: readonly DirectiveNode[] | undefined, variables: Variables): boolean {
  for (const directive of directives ?? []) {
    const condition = directive.arguments?.find(({ name }) => name.value === "if")?.value;
    const value =
      condition?.kind === Kind.VARIABLE
        ? variables[condition.name.value]
        : condition?.kind === Kind.BOOLEAN
          ? condition.value
          : undefined;
    if (directive.name.value === "skip" && value === true) return false;
    if (directive.name.value === "include" && value === false) return false;
  }
  return true;
}
