/** Which of a field's rules the arguments of one selection break, in words. */
import { type ArgumentNode, type FieldNode, Kind, valueFromASTUntyped } from "graphql";
import type { ArgumentRules, Bounds } from "./argument-rules.ts";

/** Values of variables, with their defaults. */
export type Variables = Readonly<Record<string, unknown>>;

type Given = ReadonlyMap<string, unknown>;

export interface ArgumentFault {
  readonly message: string;
  /** The argument that is wrong; undefined where it is several that do not go together. */
  readonly argument?: string;
}

/** @returns `undefined` where none is broken */
export function argumentFault(rules: ArgumentRules, node: FieldNode, variables: Variables): ArgumentFault | undefined {
  const given = new Map(
    (node.arguments ?? []).flatMap((argument) => {
      const value = givenValue(argument, variables);
      return value === undefined ? [] : [[argument.name.value, value] as const];
    }),
  );
  // What is given replaces a default, also by null.
  const values = new Map([...rules.defaults, ...given]);
  return outOfBounds(rules, values) ?? notExactlyOne(rules, given, values) ?? negativeSize(rules, values);
}

function outOfBounds({ bounds, coordinate }: ArgumentRules, values: Given): ArgumentFault | undefined {
  for (const [name, { min, max }] of bounds) {
    const value = values.get(name);
    if (typeof value === "number" && (value < min || value > max)) {
      return { message: `\`${name}\` of \`${coordinate}\` is ${min} to ${max}: ${value} was given.`, argument: name };
    }
  }
  return undefined;
}

function notExactlyOne(rules: ArgumentRules, given: Given, values: Given): ArgumentFault | undefined {
  const { slicing, requiresOne, coordinate } = rules;
  // A default stands aside for what is given.
  const chosen = slicing.filter((name) => isThere(given.get(name)));
  if (!requiresOne || (chosen.length <= 1 && slicing.some((name) => isThere(values.get(name))))) return undefined;
  const names = slicing.map((name) => `\`${name}\``);
  if (names.length === 1) return { message: `\`${coordinate}\` needs ${names[0]}.` };
  const bounds = commonBounds(rules);
  const range = bounds === undefined ? "" : `, from ${bounds.min} to ${bounds.max}`;
  const choice = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return { message: `\`${coordinate}\` takes exactly one of ${choice}${range}.` };
}

function negativeSize({ slicing, coordinate }: ArgumentRules, values: Given): ArgumentFault | undefined {
  for (const name of slicing) {
    const value = values.get(name);
    if (typeof value === "number" && value < 0) {
      const message = `\`${name}\` of \`${coordinate}\` is how many are asked for: ${value} was given.`;
      return { message, argument: name };
    }
  }
  return undefined;
}

/** The same for all that say how many, where they are. */
function commonBounds({ slicing, bounds }: ArgumentRules): Bounds | undefined {
  const [first, ...others] = slicing.map((name) => bounds.get(name));
  return others.every((other) => other?.min === first?.min && other?.max === first?.max) ? first : undefined;
}

const isThere = (value: unknown) => value !== undefined && value !== null;

/** `undefined`: a variable without a value, which is as if the argument were not there. */
function givenValue({ value }: ArgumentNode, variables: Variables): unknown {
  if (value.kind !== Kind.VARIABLE) return valueFromASTUntyped(value, { ...variables });
  const name = value.name.value;
  return Object.hasOwn(variables, name) ? variables[name] : undefined;
}
