/**
 * Lossless numbers in variables and their defaults, by the types that are declared for them: custom scalars keep them,
 * built-in types are what the GraphQL specification says they are (October 2021, "Scalars"): an Int and a Float a
 * double, an ID a text.
 */
import {
  type ConstValueNode,
  GraphQLID,
  type GraphQLInputType,
  GraphQLInt,
  type GraphQLNamedInputType,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
} from "graphql";
import { isJsonObject } from "../transport/json-object.ts";
import { isDoubleText, LosslessNumber } from "../transport/lossless-number.ts";

type Change = (number: LosslessNumber, type: GraphQLNamedInputType) => unknown;

/** The value as graphql-js coerces it. @returns the same value where nothing is changed */
export function coercibleNumbers(value: unknown, type: GraphQLInputType): unknown {
  return changeNumbers(value, type, (number, named) => {
    if (named === GraphQLID) return number.toIdText() === number.text ? number.text : number.toNumber();
    return isScalarType(named) && !isSpecifiedScalarType(named) ? number : number.toNumber();
  });
}

/**
 * The value as subgraphs get it: in the digits that the client wrote, except that an Int is written as one. Many
 * servers refuse `1.0` and `1e3` for it. @returns the same value where nothing is changed
 */
export function sentNumbers(value: unknown, type: GraphQLInputType): unknown {
  return changeNumbers(value, type, (number, named) => (named === GraphQLInt ? number.toNumber() : number));
}

/** A literal as JSON in the place of a variable would be. */
export function literalValue(node: ConstValueNode): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.LIST:
      return node.values.map(literalValue);
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literalValue(value)]));
    case Kind.INT:
    case Kind.FLOAT:
      return isDoubleText(node.value) ? Number(node.value) : new LosslessNumber(node.value);
    default:
      return node.value;
  }
}

function changeNumbers(value: unknown, given: GraphQLInputType, change: Change): unknown {
  if (typeof value !== "object" || value === null) return value;
  const type = isNonNullType(given) ? given.ofType : given;
  if (value instanceof LosslessNumber) return change(value, getNamedType(type));
  if (isListType(type)) {
    // One value in the place of a list is a list of one.
    if (!Array.isArray(value)) return changeNumbers(value, type.ofType, change);
    const items = value.map((item) => changeNumbers(item, type.ofType, change));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isInputObjectType(type) || !isJsonObject(value)) return value;
  const fields = type.getFields();
  let changed = false;
  const members = Object.entries(value).map(([name, member]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const own = field === undefined ? member : changeNumbers(member, field.type, change);
    if (own !== member) changed = true;
    return [name, own] as const;
  });
  return changed ? Object.fromEntries(members) : value;
}
