// Response names by chance, such that they meet other names wherever that is valid: those of keys and of other fields,
// of types, of what planner and batches make up.
import { type GraphQLCompositeType, isObjectType } from "graphql";
import type { Chance } from "./chance.ts";

/** The names of one place of the answer. */
export interface NameScope {
  readonly names: Map<string, NamedField>;
}

interface NamedField {
  readonly uses: { readonly parent: GraphQLCompositeType; readonly call: string }[];
  readonly type: string;
  /** What fields of this name select is one place, too. */
  readonly below: NameScope;
}

export interface SelectedCall {
  readonly parent: GraphQLCompositeType;
  readonly fieldName: string;
  /** The field with its arguments: equal for equal calls. */
  readonly call: string;
  readonly type: string;
}

export const newScope = (): NameScope => ({ names: new Map() });

/** What others call things: the planner, batches, JavaScript. */
const FOREIGN = ["__typename", "_entities", "_0", "id__alias_0", "representations", "constructor", "__proto__"];

/** @param collide whether the operation's names are to meet others at all */
export function randomNames({ chance, pick }: Chance, collide: boolean) {
  function wishes({ parent, fieldName }: SelectedCall): readonly string[] {
    if (chance(0.06)) return [`a_${fieldName}`];
    if (!collide || !chance(0.4)) return [];
    const fields = "getFields" in parent ? Object.keys(parent.getFields()) : [];
    return [pick(chance(0.3) ? FOREIGN : [...fields, "id"])];
  }

  return {
    /** @returns a name that is valid here, and the place of what the field selects */
    claim(scope: NameScope, selected: SelectedCall): { readonly name: string; readonly below: NameScope } {
      const { fieldName } = selected;
      for (const name of [...wishes(selected), fieldName]) {
        const below = claimName(scope, name, selected);
        if (below !== undefined) return { name, below };
      }
      for (let count = 0; ; count += 1) {
        const name = `${fieldName}_${count}`;
        const below = claimName(scope, name, selected);
        if (below !== undefined) return { name, below };
      }
    },
  };
}

/**
 * Source: GraphQL specification (October 2021), "Field Selection Merging": fields of one name are one call, or of
 * objects of different types and of one type themselves.
 */
function claimName({ names }: NameScope, name: string, { parent, call, type }: SelectedCall): NameScope | undefined {
  const present = names.get(name);
  if (present === undefined) {
    const below = newScope();
    names.set(name, { uses: [{ parent, call }], type, below });
    return below;
  }
  const fits = present.uses.every(
    (use) => use.call === call || (isObjectType(use.parent) && isObjectType(parent) && use.parent !== parent),
  );
  if (!fits || present.type !== type) return undefined;
  present.uses.push({ parent, call });
  return present.below;
}
