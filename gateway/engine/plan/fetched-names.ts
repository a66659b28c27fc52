/** What a fetch brings, by names in the data: read from its document when something went wrong, and only then. */
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from "graphql";
import { ENTITIES } from "../../transport/entity-document.ts";
import type { FetchStep } from "./steps.ts";

/** Lists are passed through. Of whichever type an object is. */
export interface FetchedNames {
  readonly members: ReadonlyMap<string, FetchedNames>;
}

const cache = new WeakMap<FetchStep, FetchedNames>();

/** What the step brings of each object that it is about: of an entity, or of a root type. */
export function fetchedNames(step: FetchStep): FetchedNames {
  const cachedNames = cache.get(step);
  if (cachedNames !== undefined) return cachedNames;
  const names = readNames(step);
  cache.set(step, names);
  return names;
}

interface Names extends FetchedNames {
  readonly members: Map<string, Names>;
}

function readNames({ operation, renamed, representation }: FetchStep): FetchedNames {
  const { definitions } = parse(operation.text, { noLocation: true });
  const fragments = new Map<string, FragmentDefinitionNode>();
  let root: OperationDefinitionNode | undefined;
  for (const node of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    if (node.kind === Kind.OPERATION_DEFINITION) root ??= node;
  }

  function collect({ selections }: SelectionSetNode, into: Names): Names {
    for (const node of selections) {
      if (node.kind !== Kind.FIELD) {
        const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
        if (fragment !== undefined) collect(fragment.selectionSet, into);
        continue;
      }
      const asked = (node.alias ?? node.name).value;
      const name = renamed.get(asked) ?? asked;
      const below: Names = into.members.get(name) ?? { members: new Map() };
      into.members.set(name, below);
      if (node.selectionSet !== undefined) collect(node.selectionSet, below);
    }
    return into;
  }

  const all: Names = { members: new Map() };
  if (root !== undefined) collect(root.selectionSet, all);
  return representation === undefined ? all : (all.members.get(ENTITIES) ?? all);
}
