/** By whose events a field changes: those of the subgraph that answers it, unless a hint says which kinds of them. */
import { sourceOfType } from "./event-sources.ts";
import type { CacheHints } from "./hints.ts";

/**
 * The field's own hint decides, else that of the type around it. A type's hint counts only for fields of the subgraph
 * whose events it names, since others may have added fields to the type.
 * @param source the subgraph's, or `*`
 * @returns sources and kinds, as `addTag` takes them
 */
export function changedBy(hints: CacheHints, type: string, field: string, source: string): readonly string[] {
  const own = hints.ofField(type, field);
  if (own !== undefined) return own.changedBy ?? [source];
  const kinds = hints.ofType(type)?.changedBy?.filter((kind) => sourceOfType(kind) === source) ?? [];
  return kinds.length === 0 ? [source] : kinds;
}
