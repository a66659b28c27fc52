/** Names under which cached answers are dropped when an event says that something changed. */
import type { EventSources } from "./event-sources.ts";

export const entityTag = (id: string): string => `entity:${id}`;
export const organizationTag = (id: string): string => `organization:${id}`;
export const userTag = (id: string): string => `user:${id}`;

/** In a hint: dropped at every event of the organisations that the value was read for. */
export const ORGANIZATION_TAG = "organization";

/** Stands for a subgraph whose data may change by anybody's events. */
export const ANY_SOURCE = "*";

/** Whose events change what this subgraph answers. */
export const sourceOf = (sources: EventSources, subgraph: string): string =>
  sources.has(subgraph) ? subgraph : ANY_SOURCE;

/** The tag as it goes by events of one source, or of one kind. */
export const sourcedTag = (tag: string, source: string): string => `${tag}:${source}`;

/**
 * What carries the tag goes by it, whoever evicts by hand or after a command, and by the events of these sources and
 * kinds.
 */
export function addTag(into: Set<string>, tag: string, sources: Iterable<string>): void {
  into.add(tag);
  for (const source of sources) into.add(sourcedTag(tag, source));
}
