/**
 * What variables are called in the documents that subgraphs get: as what they are given to, whatever a client calls
 * them. So equal selections of different clients are equal texts, and no client's name meets one of the planner's or of
 * a batch.
 */
import { REPRESENTATIONS } from "../../transport/entity-document.ts";

/** Where a variable stands: the value of an argument or of an input object's member. */
export interface VariableUse {
  readonly variable: string;
  /** Of the argument or member. */
  readonly place: string;
  /** Of the field or directive that the argument is of. */
  readonly holder: string;
}

/**
 * @param uses in the order of the document
 * @returns the client's names → names that are each different from all others
 */
export function nameVariables(uses: readonly VariableUse[]): ReadonlyMap<string, string> {
  const firstUses = new Map<string, VariableUse>();
  for (const use of uses) if (!firstUses.has(use.variable)) firstUses.set(use.variable, use);
  const sharing = new Map<string, number>();
  for (const { place } of firstUses.values()) sharing.set(place, (sharing.get(place) ?? 0) + 1);
  const names = new Map<string, string>();
  const taken = new Set<string>([REPRESENTATIONS]);
  for (const { variable, place, holder } of firstUses.values()) {
    const name = unused(sharing.get(place) === 1 ? place : `${holder}_${place}`, taken);
    taken.add(name);
    names.set(variable, name);
  }
  return names;
}

/** Parts of a batch append `_1`, `_1_2` to names: what ends alike could meet another one's. */
const LIKE_A_PART = /_\d+$/;

function unused(wanted: string, taken: ReadonlySet<string>): string {
  const base = LIKE_A_PART.test(wanted) || wanted === REPRESENTATIONS ? `${wanted}_value` : wanted;
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base}_${count}th`;
  return name;
}
