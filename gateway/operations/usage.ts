/**
 * Who runs which operations, counted since the start. Names come from clients, so their number is bounded: those that come after the
 * first are counted together as `other`. Registered operations always keep theirs.
 */
import { labels, type Metric } from "../http/metrics-format.ts";
import type { ClientName } from "./client-name.ts";

/** Where the text came from: the request, what a client persisted before, the registered ones. */
export type DocumentSource = "text" | "persisted" | "trusted";

export interface OperationUse {
  readonly client: ClientName | undefined;
  readonly operationName: string | null | undefined;
  readonly source: DocumentSource;
}

export interface Usage {
  count(use: OperationUse): void;
  /** @param code why an operation was not even looked at */
  countRefusal(code: string): void;
  metrics(): readonly Metric[];
}

const MAX_CLIENTS = 100;
const MAX_OPERATIONS = 500;
const MAX_NAME_LENGTH = 64;

/** @param registered operation names that are always counted by name */
export function createUsage(registered: ReadonlySet<string>): Usage {
  const clients = createTally(MAX_CLIENTS, labels({ client: "other", version: "other" }));
  const operations = createTally(MAX_OPERATIONS, labels({ operation: "other" }));
  const sources = new Map<string, number>();
  const refusals = new Map<string, number>();
  for (const name of registered) operations.reserve(labels({ operation: name }));
  return {
    count({ client, operationName, source }) {
      clients.add(labels({ client: client?.name ?? "unknown", version: client?.version ?? "unknown" }));
      operations.add(labels({ operation: operationName?.slice(0, MAX_NAME_LENGTH) ?? "unnamed" }));
      increase(sources, labels({ document: source }));
    },
    countRefusal: (code) => increase(refusals, labels({ code })),
    metrics: () => [
      counter("operations_by_client_total", "Operations that were let in, by client program", clients.counts),
      counter("operations_by_name_total", "Operations that were let in, by name", operations.counts),
      counter("operations_total", "Operations that were let in, by where their document came from", sources),
      counter("operations_refused_total", "Operations refused before their document was parsed", refusals),
    ],
  };
}

function counter(name: string, help: string, counts: ReadonlyMap<string, number>): Metric {
  return { type: "counter", name: `tributary_${name}`, help, samples: [...counts] };
}

function createTally(most: number, rest: string) {
  const counts = new Map<string, number>();
  const reserved = new Set<string>();
  return {
    counts,
    reserve: (key: string) => void reserved.add(key),
    add(key: string) {
      const own = counts.has(key) || reserved.has(key) || counts.size < most;
      increase(counts, own ? key : rest);
    },
  };
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
