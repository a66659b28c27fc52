/**
 * Writes scalars and enums, and tells values that their type cannot have. Custom scalars are whatever the subgraph says. Source: GraphQL
 * specification (October 2021), "Scalars": what subgraphs answer was coerced there, so nothing is made of another type here; but an ID is a
 * text, whatever it was made of.
 */
import { type GraphQLLeafType, isEnumType } from "graphql";
import { stringText } from "./text.ts";

/** @param value not null; @param plain see `stringText`. @returns `undefined` for a value that the type cannot have */
export type LeafWriter = (value: unknown, plain: boolean) => string | undefined;

export function leafWriter(type: GraphQLLeafType): LeafWriter {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name }) => [name, `"${name}"`]));
    return (value) => (typeof value === "string" ? texts.get(value) : undefined);
  }
  switch (type.name) {
    case "String":
      return (value, plain) => (typeof value === "string" ? stringText(value, plain) : undefined);
    case "ID":
      return (value, plain) => (typeof value === "string" ? stringText(value, plain) : idText(value));
    case "Int":
      return intText;
    case "Float":
      return (value) => (typeof value === "number" && Number.isFinite(value) ? String(value) : undefined);
    case "Boolean":
      return (value) => (typeof value === "boolean" ? String(value) : undefined);
    default:
      return (value, plain) => (typeof value === "string" ? stringText(value, plain) : JSON.stringify(value));
  }
}

function idText(value: unknown): string | undefined {
  return typeof value === "number" && Number.isInteger(value) ? `"${value}"` : undefined;
}

/** Of 32 bits: a bitwise operation changes all others. */
function intText(value: unknown): string | undefined {
  return typeof value === "number" && (value | 0) === value ? String(value) : undefined;
}
