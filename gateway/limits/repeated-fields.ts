/**
 * How much work it is to find out whether a document's fields can be merged: validation compares each two selections below fields of one
 * name in an answer, wherever they were spread from, and then everything below both of them.
 */
import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from "graphql";

/**
 * @returns pairs of fields that have selections, and of fragments, with the same place in the answer, over all levels. Takes time linear in the document: a
 * field stands where it was written, and a fragment is followed once per place that spreads it, up to a bound that is far beyond what
 * anybody would let pass.
 */
export function repeatedFields({ definitions }: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const reached = new Set<string>();
  let pairs = 0;
  let steps = 0;

  /** Sorts the fields of one place by their names in the answer. */
  function collect(set: SelectionSetNode, places: Map<string, SelectionSetNode[]>, spread: Set<string>): void {
    for (const selection of set.selections) {
      steps += 1;
      switch (selection.kind) {
        case Kind.FIELD: {
          if (selection.selectionSet === undefined) break;
          const name = (selection.alias ?? selection.name).value;
          const sets = places.get(name) ?? [];
          pairs += sets.length;
          sets.push(selection.selectionSet);
          places.set(name, sets);
          break;
        }
        case Kind.INLINE_FRAGMENT:
          collect(selection.selectionSet, places, spread);
          break;
        case Kind.FRAGMENT_SPREAD: {
          const name = selection.name.value;
          if (spread.has(name)) break;
          // One that does not exist is compared with the others all the same.
          pairs += spread.size;
          spread.add(name);
          reached.add(name);
          const fragment = fragments.get(name);
          if (fragment !== undefined) collect(fragment.selectionSet, places, spread);
          break;
        }
      }
    }
  }

  function measure(sets: readonly SelectionSetNode[], level: number): void {
    // A cycle of fragments ends here: validation refuses it.
    if (steps > MAX_STEPS || level > MAX_LEVELS) return;
    const places = new Map<string, SelectionSetNode[]>();
    const spread = new Set<string>();
    for (const set of sets) collect(set, places, spread);
    for (const below of places.values()) measure(below, level + 1);
  }

  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) measure([definition.selectionSet], 0);
  }
  // Validation compares within those, too, before it says that nobody uses them.
  for (const [name, { selectionSet }] of fragments) if (!reached.has(name)) measure([selectionSet], 0);
  return steps > MAX_STEPS ? Number.POSITIVE_INFINITY : pairs;
}

const MAX_STEPS = 20_000;
/** Far deeper than the limit on depth, and far from the end of the stack. */
const MAX_LEVELS = 100;
