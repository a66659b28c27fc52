// Valid operations over any schema, by chance: aliases, arguments, variables, fragments, conditions, abstract types.
import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isUnionType,
} from "graphql";
import { seededRandom } from "../../../support/seeded-random.ts";

export interface RandomOperation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

export function randomOperation(schema: GraphQLSchema, seed: number): RandomOperation {
  const random = seededRandom(seed);
  const variables: Record<string, unknown> = {};
  const definitions: string[] = [];
  const fragments: string[] = [];
  let budget = 40;

  const chance = (probability: number) => random() < probability;
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];

  function literal(type: GraphQLInputType): string {
    if (isNonNullType(type)) return literal(type.ofType);
    if (isListType(type))
      return `[${Array.from({ length: Math.floor(random() * 3) }, () => literal(type.ofType)).join(", ")}]`;
    if (isEnumType(type)) return pick(type.getValues())?.name ?? "null";
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || chance(0.5));
      return `{${fields.map((field) => `${field.name}: ${literal(field.type)}`).join(", ")}}`;
    }
    switch (type.name) {
      case "Int":
        return String(Math.floor(random() * 5));
      case "Float":
        return String(Math.floor(random() * 50) / 4);
      case "Boolean":
        return String(chance(0.5));
      default:
        return JSON.stringify(String(Math.floor(random() * 5)));
    }
  }

  function variable(type: string, value: unknown, fallback?: string): string {
    const name = `v${definitions.length}`;
    definitions.push(`$${name}: ${type}${fallback === undefined ? "" : ` = ${fallback}`}`);
    if (value !== undefined) variables[name] = value;
    return `$${name}`;
  }

  function argument(arg: GraphQLArgument): string {
    const named = String(getNamedType(arg.type));
    if (chance(0.4) && ["Int", "String", "ID", "Boolean"].includes(named) && !isListType(arg.type)) {
      const text = literal(arg.type);
      const value: unknown = JSON.parse(text);
      // A position with a default takes a variable that may be missing.
      if (!isNonNullType(arg.type) && chance(0.2))
        return `${arg.name}: ${variable(named, undefined, chance(0.5) ? text : undefined)}`;
      return `${arg.name}: ${variable(String(arg.type), value)}`;
    }
    return `${arg.name}: ${literal(arg.type)}`;
  }

  function condition(): string {
    if (!chance(0.12)) return "";
    const directive = chance(0.5) ? "skip" : "include";
    if (chance(0.3)) return ` @${directive}(if: ${chance(0.5)})`;
    const value = chance(0.5);
    return chance(0.3)
      ? ` @${directive}(if: ${variable("Boolean", undefined, String(value))})`
      : ` @${directive}(if: ${variable("Boolean!", value)})`;
  }

  function field(type: GraphQLCompositeType, depth: number, aliases: Map<string, string>): string | undefined {
    if (isUnionType(type)) return undefined;
    const candidates = Object.values(type.getFields()).filter(
      (candidate) => depth > 0 || !isCompositeType(getNamedType(candidate.type)),
    );
    const chosen = pick(candidates);
    if (chosen === undefined || budget <= 0) return undefined;
    budget -= 1;
    const args = chosen.args.filter((arg) => isNonNullType(arg.type) || chance(0.6)).map(argument);
    const call = args.length === 0 ? "" : `(${args.join(", ")})`;
    const inner = getNamedType(chosen.type);
    // One response name stands for one call everywhere in the operation, so that merging is always valid.
    const signature = `${chosen.name}${call} ${String(chosen.type)}`;
    let name = chosen.name;
    for (let count = 0; aliases.has(name) && aliases.get(name) !== signature; count += 1)
      name = `${chosen.name}_${count}`;
    if (chance(0.08) && !aliases.has(`a_${chosen.name}`)) name = `a_${chosen.name}`;
    if (aliases.has(name) && aliases.get(name) !== signature) return undefined;
    aliases.set(name, signature);
    const alias = name === chosen.name ? "" : `${name}: `;
    const sub = isCompositeType(inner) ? ` ${selections(inner, depth - 1, aliases)}` : "";
    return `${alias}${chosen.name}${call}${condition()}${sub}`;
  }

  function selections(type: GraphQLCompositeType, depth: number, aliases: Map<string, string>): string {
    const parts: string[] = [];
    const count = 1 + Math.floor(random() * 4);
    for (let index = 0; index < count; index += 1) {
      const selection = field(type, depth, aliases);
      if (selection !== undefined) parts.push(selection);
    }
    if (chance(0.15)) parts.push(chance(0.8) ? "__typename" : "itsType: __typename");
    if (isAbstractType(type)) {
      for (const member of schema.getPossibleTypes(type)) {
        if (chance(0.6)) parts.push(`... on ${member.name}${condition()} ${selections(member, depth, aliases)}`);
      }
    } else if (chance(0.15) && budget > 0) {
      const name = `F${fragments.length}`;
      const slot = fragments.push("") - 1;
      fragments[slot] = `fragment ${name} on ${type.name} ${selections(type, depth, aliases)}`;
      parts.push(`...${name}${condition()}`);
    } else if (chance(0.1)) parts.push(`...${condition()} ${selections(type, depth, aliases)}`);
    if (parts.length === 0) parts.push("__typename");
    return `{ ${parts.join(" ")} }`;
  }

  const root = schema.getQueryType();
  if (root == null) throw new Error("a schema without queries");
  const body = selections(root, 5, new Map());
  const head = definitions.length === 0 ? "query" : `query(${definitions.join(", ")})`;
  return { query: [`${head} ${body}`, ...fragments].join("\n"), variables };
}
