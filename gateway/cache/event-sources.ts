/**
 * Subgraphs of which the gateway may rely that their data change with events of their own and with no others: the first
 * part of an event's type is its source, e.g. `billing` of `billing.invoice.paid.v1`. What such a subgraph answered
 * stays when others' events name the same things. Of any other subgraph nothing is assumed.
 */

export interface EventSource {
  /** May it answer from memory of its own that hears of a change later than the gateway? By about a second. */
  readonly remembers: boolean;
}

/** By the subgraph's name. */
export type EventSources = ReadonlyMap<string, EventSource>;

/** The platform's: every state change of ours emits an event of its owner. */
export const eventSourcesOf = (
  subgraphs: readonly { readonly name: string; readonly answersFromMemory: boolean }[],
): EventSources => new Map(subgraphs.map(({ name, answersFromMemory }) => [name, { remembers: answersFromMemory }]));

/** What an event is about: `billing.invoice` of `billing.invoice.paid.v1`. */
export const kindOfType = (type: string): string => type.split(".", 2).join(".");

/** Are these kinds of events, rather than all events of a source? */
export const isNarrow = (sources: Iterable<string>): boolean => [...sources].every((source) => source.includes("."));

export const sourceOfType = (type: string): string => type.slice(0, Math.max(0, type.indexOf(".")));
