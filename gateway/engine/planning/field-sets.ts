/**
 * Selections as the directives of federation write them (`fields: "id size { width }"`), and what a field stands for.
 */
import { type ArgumentNode, type FieldNode, Kind, parse, print, type SelectionNode, type ValueNode } from "graphql";

/** @param text of the `fields` of `@key`, `@requires` or `@provides` */
export function parseFieldSet(text: string): readonly SelectionNode[] {
  const [definition] = parse(`{${text}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`not a field set: ${text}`);
  return definition.selectionSet.selections;
}

/** A field set as its directive would write it, on one line. */
export function printFieldSet(selections: readonly SelectionNode[]): string {
  return selections.map((selection) => print(selection).replace(/\s+/g, " ")).join(" ");
}

/**
 * The field with its arguments: two fields of one object with equal meanings have equal values, whatever their response
 * names.
 */
export function meaningOf({ name, arguments: given }: FieldNode): string {
  return given === undefined || given.length === 0 ? name.value : `${name.value}(${printArguments(given)})`;
}

/**
 * Equal for equal values: planners write them anew, an ID as a number or as a string, an object's fields in any order.
 */
function printArguments(given: readonly ArgumentNode[]): string {
  return given
    .map(({ name, value }) => `${name.value}: ${printValue(value)}`)
    .sort()
    .join(", ");
}

function printValue(value: ValueNode): string {
  switch (value.kind) {
    case Kind.STRING:
      return /^-?\d{1,15}$/.test(value.value) ? String(Number(value.value)) : JSON.stringify(value.value);
    case Kind.INT:
    case Kind.FLOAT:
      return Number.isSafeInteger(Number(value.value)) ? String(Number(value.value)) : value.value;
    case Kind.LIST:
      return `[${value.values.map(printValue).join(", ")}]`;
    case Kind.OBJECT:
      return `{${value.fields
        .map((field) => `${field.name.value}: ${printValue(field.value)}`)
        .sort()
        .join(", ")}}`;
    default:
      return print(value);
  }
}
