/**
 * Does the operation ask for a field of the object that a resolver is about to return? For work that is only worth
 * doing if so.
 */
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from "graphql";

/** Follows fragments; a field under `@skip` or `@include` counts as asked for. */
export function selects(info: Pick<GraphQLResolveInfo, "fieldNodes" | "fragments">, field: string): boolean {
  const within = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some((selection) => {
      if (selection.kind === Kind.FIELD) return selection.name.value === field;
      if (selection.kind === Kind.INLINE_FRAGMENT) return within(selection.selectionSet);
      return within(info.fragments[selection.name.value]?.selectionSet);
    }) ?? false;
  return info.fieldNodes.some(({ selectionSet }) => within(selectionSet));
}
