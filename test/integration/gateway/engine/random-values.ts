// Values of arguments by chance, as literals and as variables: with numbers at the bounds of their types and beyond
// what a double holds, and with variables that are called like something of the gateway's or the planner's.
import {
  type GraphQLArgument,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";
import type { JsonObject } from "../../../../gateway/transport/json-object.ts";
import { parseJson } from "../../../../gateway/transport/lossless-json.ts";
import type { Chance } from "./chance.ts";

/** One value in both notations. */
interface Value {
  readonly literal: string;
  readonly json: string;
}

export interface RandomValues {
  /** `name: value` */
  argument(arg: GraphQLArgument, fieldName: string): string;
  /** ` @skip(if: …)`, ` @include(if: …)` or nothing. */
  condition(probability: number): string;
  /** Of the variables. */
  definitions(): readonly string[];
  variables(): JsonObject;
}

const INTS = ["2147483647", "-2147483648", "-1", "0"];
const FLOATS = ["1e21", "5e-324", "0.1", "-1.5", "1.7976931348623157e+308", "123456789.125"];
const BIG_IDS = ["9007199254740993", "12345678901234567890123"];
/** Each of them a number that a double changes, or writes otherwise. */
export const EXACT_NUMBERS = [
  "9007199254740993",
  "-9007199254740995",
  "12345678901234567890123456789",
  "0.10000000000000000555111512312578270",
  "1e400",
  "-1E-400",
  "-0",
  "1.0",
  "100e2",
];

const plain = (text: string): Value => ({ literal: text, json: text });

export function randomValues({ chance, pick, below }: Chance): RandomValues {
  const definitions: string[] = [];
  const members: string[] = [];
  const names = new Set<string>();
  /** Variables that may be given again at another place. */
  const byType = new Map<string, string[]>();

  function value(type: GraphQLInputType): Value {
    if (isNonNullType(type)) return presentValue(type.ofType);
    return chance(0.04) ? plain("null") : presentValue(type);
  }

  function presentValue(type: GraphQLInputType): Value {
    if (isNonNullType(type)) return presentValue(type.ofType);
    if (isListType(type)) return listOf(Array.from({ length: below(3) }, () => value(type.ofType)));
    if (isEnumType(type)) {
      const { name } = pick(type.getValues());
      return { literal: name, json: JSON.stringify(name) };
    }
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || chance(0.5));
      return objectOf(fields.map((field) => [field.name, value(field.type)]));
    }
    switch (type.name) {
      case "Int":
        return plain(chance(0.2) ? pick(INTS) : String(below(5)));
      case "Float":
        return plain(chance(0.3) ? pick(FLOATS) : String(below(50) / 4));
      case "Boolean":
        return plain(String(chance(0.5)));
      case "ID":
        return plain(chance(0.15) ? pick(BIG_IDS) : JSON.stringify(String(below(5))));
      case "String":
        return plain(JSON.stringify(String(below(5))));
      default:
        return anyValue(2);
    }
  }

  /** Of a custom scalar. */
  function anyValue(depth: number): Value {
    if (depth > 0 && chance(0.15)) return listOf([anyValue(depth - 1), anyValue(0)]);
    if (depth > 0 && chance(0.15)) return objectOf([["a", anyValue(depth - 1)] as const, ["b", anyValue(0)] as const]);
    return plain(chance(0.6) ? pick(EXACT_NUMBERS) : JSON.stringify(String(below(5))));
  }

  /** @returns `$name` */
  function variable(wanted: string, type: string, given: Value | undefined, fallback?: string): string {
    const wishes = ["representations", "representations_0", "_1", "id", wanted, `${wanted}_1`, `v${names.size}`];
    const name = wishes.slice(below(wishes.length)).find((wish) => !names.has(wish)) ?? `v${names.size}`;
    names.add(name);
    definitions.push(`$${name}: ${type}${fallback === undefined ? "" : ` = ${fallback}`}`);
    if (given !== undefined) members.push(`${JSON.stringify(name)}: ${given.json}`);
    return `$${name}`;
  }

  function argumentValue({ name, type }: GraphQLArgument, fieldName: string): string {
    if (!chance(0.4)) return value(type).literal;
    const present = byType.get(String(type));
    if (present !== undefined && chance(0.4)) return pick(present);
    const wanted = chance(0.5) ? name : `${fieldName}_${name}`;
    // A position with a default takes a variable that may be missing.
    if (!isNonNullType(type) && !isInputObjectType(getNamedType(type)) && chance(0.2))
      return variable(wanted, String(type), undefined, chance(0.5) ? value(type).literal : undefined);
    const given = variable(wanted, String(type), value(type));
    byType.set(String(type), [...(present ?? []), given]);
    return given;
  }

  return {
    argument: (arg, fieldName) => `${arg.name}: ${argumentValue(arg, fieldName)}`,
    condition(probability) {
      if (!chance(probability)) return "";
      const directive = chance(0.5) ? "skip" : "include";
      if (chance(0.3)) return ` @${directive}(if: ${chance(0.5)})`;
      const holds = plain(String(chance(0.5)));
      const given = chance(0.3)
        ? variable("if", "Boolean", undefined, holds.literal)
        : variable(directive, "Boolean!", holds);
      return ` @${directive}(if: ${given})`;
    },
    definitions: () => definitions,
    variables: () => readObject(`{${members.join(",")}}`),
  };
}

function listOf(items: readonly Value[]): Value {
  return {
    literal: `[${items.map(({ literal }) => literal).join(", ")}]`,
    json: `[${items.map(({ json }) => json).join(",")}]`,
  };
}

function objectOf(members: readonly (readonly [string, Value])[]): Value {
  return {
    literal: `{${members.map(([name, { literal }]) => `${name}: ${literal}`).join(", ")}}`,
    json: `{${members.map(([name, { json }]) => `${JSON.stringify(name)}:${json}`).join(",")}}`,
  };
}

function readObject(json: string): JsonObject {
  const found = parseJson(json);
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error("variables are an object");
  return Object.fromEntries(Object.entries(found));
}
