/**
 * Estimates the work of checking that a document's fields can be merged. Validation compares each two selections of one
 * response name, wherever they were spread from. Then it compares everything below both of them.
 */
import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from "graphql";

/**
 * @returns pairs of fields that have selections, and of fragments, with the same place in the answer, over all levels;
 * pairs of leaves count for a twentieth. Takes time linear in the document. A field stands where it was written, and a
 * fragment is followed once per place that spreads it. The bound for that is far beyond what any limit lets pass.
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
  function collect(set: SelectionSetNode, place: Place): void {
    const { composites, leaves, spread } = place;
    for (const selection of set.selections) {
      steps += 1;
      switch (selection.kind) {
        case Kind.FIELD: {
          const name = (selection.alias ?? selection.name).value;
          if (selection.selectionSet === undefined) {
            const equal = leaves.get(name) ?? 0;
            pairs += equal * LEAF;
            leaves.set(name, equal + 1);
            break;
          }
          const sets = composites.get(name) ?? [];
          pairs += sets.length;
          sets.push(selection.selectionSet);
          composites.set(name, sets);
          break;
        }
        case Kind.INLINE_FRAGMENT:
          collect(selection.selectionSet, place);
          break;
        case Kind.FRAGMENT_SPREAD: {
          const name = selection.name.value;
          if (spread.has(name)) break;
          // One that does not exist is compared with the others all the same.
          pairs += spread.size;
          spread.add(name);
          reached.add(name);
          const fragment = fragments.get(name);
          if (fragment !== undefined) collect(fragment.selectionSet, place);
          break;
        }
      }
    }
  }

  function measure(sets: readonly SelectionSetNode[], level: number): void {
    // A cycle of fragments ends here: validation refuses it.
    if (steps > MAX_STEPS || level > MAX_LEVELS) return;
    const place: Place = { composites: new Map(), leaves: new Map(), spread: new Set() };
    for (const set of sets) collect(set, place);
    for (const below of place.composites.values()) measure(below, level + 1);
  }

  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) measure([definition.selectionSet], 0);
  }
  // Validation compares within those, too, before it says that nobody uses them.
  for (const [name, { selectionSet }] of fragments) if (!reached.has(name)) measure([selectionSet], 0);
  return steps > MAX_STEPS ? Number.POSITIVE_INFINITY : pairs;
}

/** What meets at one place of the answer, by name. */
interface Place {
  readonly composites: Map<string, SelectionSetNode[]>;
  readonly leaves: Map<string, number>;
  readonly spread: Set<string>;
}

/** Nothing is below a leaf: a pair of them takes so much less. */
const LEAF = 1 / 20;
const MAX_STEPS = 20_000;
/** Far deeper than the limit on depth, and far from the end of the stack. */
const MAX_LEVELS = 100;
