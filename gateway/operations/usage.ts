/**
 * Who runs which operations, counted since the start. Names come from clients, so their number is bounded: those that
 * come after the first are counted together as `other`. Registered operations always keep theirs.
 */
import { labels, type Metric } from "../../platform/http/metrics-format.ts";
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
/** Between a client's name and its version, which hold no tabs. */
const BETWEEN = "\t";

/** @param registered operation names that are always counted by name */
export function createUsage(registered: ReadonlySet<string>): Usage {
  const clients = createTally(MAX_CLIENTS, `other${BETWEEN}other`);
  const operations = createTally(MAX_OPERATIONS, "other", registered);
  const sources = new Map<string, number>();
  const refusals = new Map<string, number>();
  return {
    count({ client, operationName, source }) {
      clients.add(`${client?.name ?? "unknown"}${BETWEEN}${client?.version ?? "unknown"}`);
      operations.add(operationName?.slice(0, MAX_NAME_LENGTH) ?? "unnamed");
      increase(sources, source);
    },
    countRefusal: (code) => increase(refusals, code),
    metrics: () => [
      counter("operations_by_client_total", "Operations that were let in, by client program", clients.counts, (key) => {
        const [client = "", version = ""] = key.split(BETWEEN);
        return { client, version };
      }),
      counter("operations_by_name_total", "Operations that were let in, by name", operations.counts, (operation) => ({
        operation,
      })),
      counter(
        "operations_total",
        "Operations that were let in, by where their document came from",
        sources,
        (document) => ({
          document,
        }),
      ),
      counter("operations_refused_total", "Operations refused before their document was parsed", refusals, (code) => ({
        code,
      })),
    ],
  };
}

/** Labels are written when somebody reads them: counting happens with every operation. */
function counter(
  name: string,
  help: string,
  counts: ReadonlyMap<string, number>,
  labelsOf: (key: string) => Readonly<Record<string, string>>,
): Metric {
  const samples = [...counts].map(([key, count]) => [labels(labelsOf(key)), count] as const);
  return { type: "counter", name: `tributary_${name}`, help, samples };
}

/** @param reserved keys that are always counted by themselves */
function createTally(most: number, rest: string, reserved: ReadonlySet<string> = new Set()) {
  const counts = new Map<string, number>();
  return {
    counts,
    add(key: string) {
      const own = counts.has(key) || reserved.has(key) || counts.size < most;
      increase(counts, own ? key : rest);
    },
  };
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
