/**
 * What may be sent to a subgraph twice: questions, and commands that each carry an idempotency key, since a subgraph
 * answers those the second time with what came of them the first time.
 */
import { type FieldNode, Kind, parse, type ValueNode } from "graphql";
import { isJsonObject, type JsonObject, readMember } from "./json-object.ts";
import type { SubgraphOperation, SubgraphRequest } from "./subgraph-client.ts";

const KEY = "idempotencyKey";

type Keyed = (variables: JsonObject) => boolean;

/** Operations are sent again and again: each is read once. */
const cache = new WeakMap<SubgraphOperation, Keyed>();

export function isRepeatable({ operation, variables }: SubgraphRequest): boolean {
  if (operation.kind !== "mutation") return true;
  let keyed = cache.get(operation);
  if (keyed === undefined) {
    keyed = keyedOf(operation);
    cache.set(operation, keyed);
  }
  return keyed(variables);
}

/** @returns whether every command of the operation has a key */
function keyedOf({ text }: SubgraphOperation): Keyed {
  const operation = parse(text, { noLocation: true }).definitions.find(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const commands = (operation?.selectionSet.selections ?? []).map((selection) =>
    selection.kind === Kind.FIELD ? keyOf(selection) : never,
  );
  return (variables) => commands.length > 0 && commands.every((keyed) => keyed(variables));
}

const never: Keyed = () => false;

/** The key is an argument, or stands in one, which may be a variable. */
function keyOf({ arguments: given = [] }: FieldNode): Keyed {
  const places = given.map(({ name, value }): Keyed => {
    if (name.value === KEY) return isText(value);
    if (value.kind === Kind.VARIABLE) {
      const variable = value.name.value;
      return (variables) => {
        const input = readMember(variables, variable);
        return isJsonObject(input) && isKey(readMember(input, KEY));
      };
    }
    const own = value.kind === Kind.OBJECT ? value.fields.find((field) => field.name.value === KEY) : undefined;
    return own === undefined ? never : isText(own.value);
  });
  return (variables) => places.some((keyed) => keyed(variables));
}

function isText(value: ValueNode): Keyed {
  if (value.kind === Kind.STRING) return () => isKey(value.value);
  if (value.kind !== Kind.VARIABLE) return never;
  const variable = value.name.value;
  return (variables) => isKey(readMember(variables, variable));
}

function isKey(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
