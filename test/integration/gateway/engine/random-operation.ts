// Valid operations over any schema, by chance: colliding names, arguments, variables, fragments, conditions, abstract
// types.
import {
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isNonNullType,
  isUnionType,
} from "graphql";
import type { JsonObject } from "../../../../gateway/transport/json-object.ts";
import { chanceOf } from "./chance.ts";
import { type NameScope, newScope, randomNames } from "./random-names.ts";
import { randomValues } from "./random-values.ts";

export interface RandomOperation {
  readonly query: string;
  /** As the gateway reads them: numbers in all their digits. */
  readonly variables: JsonObject;
}

/** How often something happens at a place. */
interface Odds {
  readonly fields: number;
  readonly condition: number;
  readonly fragment: number;
}

const USUAL: Odds = { fields: 4, condition: 0.12, fragment: 0.2 };
/** A mutation's root: its order is what matters. */
const SERIAL: Odds = { fields: 6, condition: 0.2, fragment: 0.7 };

const DEPTH = 5;
/** Fields of an operation. */
const BUDGET = 40;

export function randomOperation(
  schema: GraphQLSchema,
  seed: number,
  kind: "query" | "mutation" = "query",
): RandomOperation {
  const choices = chanceOf(seed);
  const { chance, below, pick, shuffled } = choices;
  const values = randomValues(choices);
  const names = randomNames(choices, chance(0.5));
  const fragments: string[] = [];
  let budget = BUDGET;

  function field(type: GraphQLCompositeType, depth: number, scope: NameScope, odds: Odds): string | undefined {
    if (isUnionType(type)) return undefined;
    const candidates = Object.values(type.getFields()).filter(
      (candidate) => depth > 0 || !isCompositeType(getNamedType(candidate.type)),
    );
    if (candidates.length === 0 || budget <= 0) return undefined;
    const chosen = pick(candidates);
    budget -= 1;
    const args = chosen.args
      .filter((arg) => isNonNullType(arg.type) || chance(0.6))
      .map((arg) => values.argument(arg, chosen.name));
    const call = args.length === 0 ? chosen.name : `${chosen.name}(${args.join(", ")})`;
    const claimed = names.claim(scope, { parent: type, fieldName: chosen.name, call, type: String(chosen.type) });
    const alias = claimed.name === chosen.name ? "" : `${claimed.name}: `;
    const inner = getNamedType(chosen.type);
    const sub = isCompositeType(inner) ? ` ${selections(inner, depth - 1, claimed.below, USUAL)}` : "";
    return `${alias}${call}${values.condition(odds.condition)}${sub}`;
  }

  function typeName(type: GraphQLCompositeType, scope: NameScope): string {
    const selected = { parent: type, fieldName: "__typename", call: "__typename", type: "String!" };
    const { name } = names.claim(scope, selected);
    return name === "__typename" ? name : `${name}: __typename`;
  }

  function fragmentOn(type: GraphQLCompositeType, depth: number, scope: NameScope, odds: Odds): string {
    const form = below(3);
    if (form === 0) {
      const name = `F${fragments.length}`;
      const slot = fragments.push("") - 1;
      fragments[slot] = `fragment ${name} on ${type.name} ${selections(type, depth, scope, odds)}`;
      return `...${name}${values.condition(odds.condition)}`;
    }
    const on = form === 1 ? ` on ${type.name}` : "";
    return `...${on}${values.condition(odds.condition)} ${selections(type, depth, scope, odds)}`;
  }

  function selections(type: GraphQLCompositeType, depth: number, scope: NameScope, odds: Odds): string {
    const parts: string[] = [];
    const count = 1 + below(odds.fields);
    for (let index = 0; index < count; index += 1) {
      const selection = field(type, depth, scope, odds);
      if (selection !== undefined) parts.push(selection);
    }
    if (chance(0.15)) parts.push(typeName(type, scope));
    if (isAbstractType(type)) {
      for (const member of schema.getPossibleTypes(type)) {
        if (!chance(0.6)) continue;
        parts.push(`... on ${member.name}${values.condition(0.12)} ${selections(member, depth, scope, USUAL)}`);
      }
    } else if (chance(odds.fragment) && budget > 0) parts.push(fragmentOn(type, depth, scope, odds));
    if (parts.length === 0) parts.push(typeName(type, scope));
    return `{ ${shuffled(parts).join(" ")} }`;
  }

  const root = kind === "query" ? schema.getQueryType() : schema.getMutationType();
  if (root == null) throw new Error(`a schema without a ${kind}`);
  const body = selections(root, DEPTH, newScope(), kind === "query" ? USUAL : SERIAL);
  const definitions = values.definitions();
  const head = definitions.length === 0 ? kind : `${kind}(${definitions.join(", ")})`;
  return { query: [`${head} ${body}`, ...fragments].join("\n"), variables: values.variables() };
}
