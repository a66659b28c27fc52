/**
 * Writes scalars and enums, and tells values that their type cannot have. Custom scalars are whatever the subgraph
 * says. Source: GraphQL specification (October 2021), "Scalars": what subgraphs answer was coerced there, so nothing is
 * made of another type here; but an ID is a text, whatever it was made of.
 */
import { type GraphQLLeafType, isEnumType } from "graphql";
import { LosslessNumber } from "../../transport/lossless-number.ts";
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
      return floatText;
    case "Boolean":
      return (value) => (typeof value === "boolean" ? String(value) : undefined);
    default:
      return (value, plain) => (typeof value === "string" ? stringText(value, plain) : JSON.stringify(value));
  }
}

function idText(value: unknown): string | undefined {
  if (value instanceof LosslessNumber) {
    const text = value.toIdText();
    return INTEGER.test(text) ? `"${text}"` : undefined;
  }
  return Number.isInteger(value) ? `"${value}"` : undefined;
}

const INTEGER = /^-?\d+$/;

/** Of 32 bits: a bitwise operation changes all others. */
function intText(given: unknown): string | undefined {
  const value = asDouble(given);
  return typeof value === "number" && (value | 0) === value ? String(value) : undefined;
}

function floatText(given: unknown): string | undefined {
  const value = asDouble(given);
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

/** Types that are doubles at most have no digits to lose. */
function asDouble(value: unknown): unknown {
  return value instanceof LosslessNumber ? value.toNumber() : value;
}
